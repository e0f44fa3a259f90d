#!/bin/sh
# Makes the image as an OCI layout from Debian packages, without a daemon: deploy/image/build.sh FOLDER [conversion]
# With `conversion` it is the one for workers that convert guests, ten times as large: its tag is that of the other one with -conversion behind it.
#
# Two layers: Debian (mmdebstrap) and kubeferry with its Node. The same checkout, packages and SOURCE_DATE_EPOCH (by default the time of the last
# commit) give the same bytes. FOLDER/contents.txt lists what is in it. To hand it on: skopeo copy oci:FOLDER:VERSION docker://…, podman load.
#
# Node comes from the npm package `node`, which this checkout is locked to by hash: Debian 12 and 13 have older ones than 22.19.
# Needs root (or a user who may unshare), mmdebstrap, tar and a checkout that is set up. MIRROR: see debian.sh.
set -eu
export LC_ALL=C.UTF-8
umask 022

out=${1:?usage: build.sh FOLDER [conversion]}
variant=${2:+-$2}
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
suite=bookworm
cd "$checkout"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
node=node_modules/node/bin/node
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$out"

# A layer of Debian that was made before by the same words is taken again: `KUBEFERRY_IMAGE_CACHE` names a folder for it.
set -- "$here/packages" ${variant:+"$here/packages$variant"}
key=$(cat "$here/debian.sh" "$@" | sha256sum | cut -c1-16)-$SOURCE_DATE_EPOCH
cache=${KUBEFERRY_IMAGE_CACHE:-$work}
mkdir -p "$cache"
debian=$cache/debian-$key.tar
if [ ! -f "$debian" ]; then
  "$here/debian.sh" "$suite" "$work/debian.tar" "$@"
  mv "$work/debian.tar.packages" "$debian.packages"
  cp "$work/debian.tar" "$debian.$$"
  mv "$debian.$$" "$debian"
fi

# What `npm pack` puts in, compiled, with the packages that it needs at run time and no others.
app=$work/root/usr/lib/kubeferry
mkdir -p "$app/src/cli" "$work/root/usr/bin" "$work/compile"
cp -r package.json tsconfig.json .tsconfig.build.json src providers mappings "$work/compile/"
ln -s "$checkout/node_modules" "$work/compile/node_modules"
"$node" node_modules/typescript/bin/tsc -p "$work/compile/.tsconfig.build.json"
cp providers/hyperv/scripts/*.ps1 "$work/compile/dist/providers/hyperv/scripts/"
cp -r "$work/compile/dist" "$app/dist"
cp src/cli/bin.js "$app/src/cli/bin.js"
cp package.json LICENSE "$app/"
npm ls --omit=dev --all --parseable 2>/dev/null | sed "1d; s|^$checkout/||" | sort > "$work/npm"
while read -r package; do
  mkdir -p "$app/$package"
  find "$checkout/$package" -mindepth 1 -maxdepth 1 ! -name node_modules -exec cp -r {} "$app/$package/" \;
done < "$work/npm"
# Sources, maps, types and tests (ssh2 has keys in its own) of packages are not run.
find "$app/node_modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.md' -o -path '*/test/fixtures/*' \) -delete
find "$app" -depth -type d -empty -delete
cp "$node" "$work/root/usr/bin/node"
ln -s ../lib/kubeferry/src/cli/bin.js "$work/root/usr/bin/kubeferry"
chmod -R go-w,a+rX "$work/root"
chmod 0755 "$app/src/cli/bin.js" "$work/root/usr/bin/node"
tar -cf "$work/app.tar" -C "$work/root" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime usr

VARIANT=$variant "$node" "$here/oci.ts" "$out" "$debian" "$work/app.tar"
{
  echo "# Debian $suite"
  cat "$debian.packages"
  echo "# Node"
  "$node" --version
  echo "# npm"
  "$node" -e 'for (const line of fs.readFileSync(0, "utf8").trim().split("\n")) {
    const { name, version } = JSON.parse(fs.readFileSync(`${line}/package.json`, "utf8"));
    console.log(`${name} ${version}`);
  }' < "$work/npm"
} > "$out/contents.txt"
