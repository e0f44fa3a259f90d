"""Reads a VHD or VHDX chain with libvhdi, the outside judge of chains: libvhdi.py OUT TOP [PARENT ...]"""
import sys

import pyvhdi

target, names = sys.argv[1], sys.argv[2:]
files = []
for name in names:
    opened = pyvhdi.file()
    opened.open(name)
    files.append(opened)
for child, parent in zip(files, files[1:]):
    child.set_parent(parent)
top = files[0]
size = top.get_media_size()
step = 1 << 20
with open(target, "wb") as out:
    for offset in range(0, size, step):
        out.write(top.read_buffer_at_offset(min(step, size - offset), offset))
