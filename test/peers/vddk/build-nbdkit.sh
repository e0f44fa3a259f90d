#!/bin/sh
# Builds nbdkit and its vddk plugin from Debian's source package: build-nbdkit.sh TARGET makes the folder TARGET with bin/ and lib/.
# Debian 12 has no such plugin; Debian 13 has one, in contrib. The source comes from where this machine's apt gets its packages; of
# Debian 12 the sources of Debian 13 are asked for too, and apt takes the newest. Needs apt, dpkg-dev, gcc and make; no root.
set -eu
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p sources lists/partial cache

# The machine's own sources, as sources of source packages.
for file in /etc/apt/sources.list.d/*.sources; do
  if test -f "$file"; then sed 's/^Types:.*/Types: deb-src/' "$file" > "sources/$(basename "$file")"; fi
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if test -f "$file"; then sed -n 's/^deb /deb-src /p' "$file" > "sources/$(basename "$file" .list)-own.list"; fi
done
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if test "$release" = bookworm; then
  for file in sources/*; do
    case $file in
      *.sources) sed "s/$release/trixie/g" "$file" > "${file%.sources}-next.sources" ;;
      *.list) sed "s/$release/trixie/g" "$file" > "${file%.list}-next.list" ;;
    esac
  done
fi
fetch() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User= "$@"
}
fetch update
fetch source --only-source nbdkit
cd nbdkit-*/

# Debian's patches make the generated files look old; nothing that they are made from matters here.
find . \( -name aclocal.m4 -o -name configure -o -name config.h.in -o -name Makefile.in \) -exec touch {} +
without='manpages libblkio curl ssh iso libvirt zlib zlib-ng libnbd liblzma libzstd libguestfs ext2 selinux gnutls bzip2 bash-completions'
disabled='dependency-tracking perl python ocaml rust tcl lua golang torrent linuxdisk'
options="--prefix=$target --libdir=$target/lib"
for name in $without; do options="$options --without-$name"; done
for name in $disabled; do options="$options --disable-$name"; done
# shellcheck disable=SC2086
CFLAGS=-O2 ./configure -q $options
for folder in common/protocol common/replacements common/utils server plugins/vddk; do make -s -C "$folder"; done

mkdir -p "$target.new/bin" "$target.new/lib/nbdkit/plugins" "$target.new/lib/nbdkit/filters"
cp server/nbdkit "$target.new/bin/"
cp plugins/vddk/.libs/nbdkit-vddk-plugin.so "$target.new/lib/nbdkit/plugins/"
mv "$target.new" "$target"
