#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""PE checksums of RFC 5353, 3.6.2, computed by RFC 1071's words, as a table for
test_checksum.c: python3 tests/unit/checksum_vectors.py > tests/unit/checksum_vectors.h
"""
import random
import struct


def internet_checksum(octets):
    total = 0
    for (word,) in struct.iter_unpack(">H", octets):
        total += word
        total = (total & 0xFFFF) + (total >> 16)  # one's complement addition
    return ~total & 0xFFFF


def block(handle, pe_id):
    return handle + bytes(-len(handle) % 4) + struct.pack(">I", pe_id)


def c_string(octets):
    return '"' + "".join(f"\\{octet:03o}" for octet in octets) + '"'


random.seed(5353)
elements = []
for n in range(24):
    length = [1, 2, 3, 4, 5, 8, 31, 96][n % 8]
    elements.append((random.randbytes(length), random.getrandbits(32)))
elements += [(b"\0", 0), (b"\xff" * 4, 0xFFFFFFFF), (b"\xff\xff", 0)]

print("/* SPDX-License-Identifier: GPL-2.0 */")
print("/* Written by checksum_vectors.py: each with those before it. */")
print("static const struct {")
print("\tconst char *handle;\n\tu32 len;\n\tu32 id;\n\tu16 checksum;")
print("} vectors[] = {")
octets = b""
for handle, pe_id in elements:
    octets += block(handle, pe_id)
    print(f"\t{{ {c_string(handle)},")
    print(f"\t  {len(handle)}, {pe_id:#010x}, {internet_checksum(octets):#06x} }},")
print("};")
