#!/bin/sh
# build_deb.sh DIRECTORY: a package for the Debian that this machine runs, into DIRECTORY. The libraries of requirements.lock
# are inside, in a venv of this Debian's Python, whose minor version the package then needs: no download when it is
# installed. COMPRESSION is xz's, 0 to 9.
set -eu
cd "$(dirname "$0")/.."
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=/usr/bin/python3
version=$($python manage.py version)
debian=$(. /etc/os-release && echo "$VERSION_ID")
minor=$($python -c 'import sys; print(sys.version_info.minor)')
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 0755 "$tree"
umask 022
lib=$tree/usr/lib/gatepost doc=$tree/usr/share/doc/gatepost units=$tree/usr/lib/systemd/system

mkdir -p "$lib" "$doc" "$units" "$tree/DEBIAN" "$tree/usr/bin" "$tree/usr/share/man/man8" "$tree/usr/share/lintian/overrides" "$tree/usr/lib/sysusers.d" \
  "$tree/usr/lib/tmpfiles.d" "$tree/etc/gatepost"
tar -c --exclude=__pycache__ manage.py pyproject.toml console transport templates static docs | tar -x -C "$lib"

$python -m venv --without-pip "$lib/venv"
rm -f "$lib"/venv/bin/[Aa]ctivate*
$python -m pip --python "$lib/venv/bin/python" --disable-pip-version-check install -qq --require-hashes --no-compile \
  --root-user-action=ignore -r requirements.lock
# The scripts of the libraries know where they were built, and nothing here starts by them.
find "$lib/venv/bin" -type f -delete
echo /usr/lib/gatepost >"$(echo "$lib"/venv/lib/python3.*/site-packages)/gatepost.pth"
"$lib/venv/bin/python" -m compileall -q -j 0 -s "$tree" -p / --invalidation-mode unchecked-hash "$lib" >/dev/null
ln -sf ../../../../bin/python3 "$lib/venv/bin/python3"
find "$tree/usr" -type f -path '*/site-packages/*' ! -path '*/bin/*' ! -path '*/_binaries/*' -exec chmod a-x {} +

install -m 0755 packaging/gatepost "$tree/usr/bin/gatepost"
gzip -9n <packaging/gatepost.8 >"$tree/usr/share/man/man8/gatepost.8.gz"
cp -r packaging/systemd/. "$units"
cp packaging/debian/sysusers.conf "$tree/usr/lib/sysusers.d/gatepost.conf"
cp packaging/debian/tmpfiles.conf "$tree/usr/lib/tmpfiles.d/gatepost.conf"
install -m 0640 packaging/gatepost.env "$tree/etc/gatepost/gatepost.env"
cp README.md CHANGELOG.md NOTICE SECURITY.md docs/debian.md "$doc"
cp packaging/debian/copyright "$doc/copyright"
gzip -9n >"$doc/changelog.gz" <<END
gatepost ($version+deb$debian) stable; urgency=medium

  * What is new: CHANGELOG.md beside this file.

 -- The Gatepost authors <gatepost@localhost>  $(date -R -r CHANGELOG.md)
END
cp packaging/debian/lintian-overrides "$tree/usr/share/lintian/overrides/gatepost"

for script in postinst prerm postrm; do install -m 0755 "packaging/debian/$script" "$tree/DEBIAN/$script"; done
echo /etc/gatepost/gatepost.env >"$tree/DEBIAN/conffiles"
cat >"$tree/DEBIAN/control" <<END
Package: gatepost
Version: $version+deb$debian
Architecture: $(dpkg --print-architecture)
Maintainer: The Gatepost authors <gatepost@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: python3 (>= 3.$minor), python3 (<< 3.$((minor + 1))), libc6, systemd, passwd, ca-certificates
Section: mail
Priority: optional
Description: mail gateway with Exchange's Receive connectors
 In a web console an administrator says who may hand mail in, on which address
 and port, and what they may do; a separate transport obeys within a second.
 .
 PostgreSQL, Valkey and all libraries are inside; others can be named instead.
END
(cd "$tree" && find usr -type f -print0 | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zxz -z"${COMPRESSION:-6}" --build "$tree" "$out"
