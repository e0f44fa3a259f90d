#!/bin/sh
# A raw disk of data with one partition: data.sh OUT.img.
set -eu
out=${1:?usage: data.sh OUT.img}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
trap 'exit 1' INT TERM
echo 'what the guest works on' > "$files/data"
rm -f "$out"
truncate -s 64M "$out"
printf 'label: dos\nstart=1MiB, type=L\n' | sfdisk -q "$out"
mkfs.ext4 -q -L data -d "$files" -E offset=1048576 "$out" 62M
