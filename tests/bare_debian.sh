#!/bin/bash
# bare_debian.sh SUITE ACCOUNT ['command']: what a newcomer's machine makes of this commit. A bare Debian (bookworm, trixie)
# with python3, python3-pip, make and git, and a fresh clone of HEAD in the home of ACCOUNT (root, or dev: an ordinary
# user, for whom Chromium is installed before every test is run). Runs every test there, or the command. The system is
# built once and kept, the clone is not. Needs root and debootstrap; where they are not to be had it says so and leaves with 77.
set -eu
suite=$1 account=$2 command=${3:-make test || make again}
checkout=$(cd "$(dirname "$0")/.." && pwd)
system=${BARE_DEBIAN:-/var/tmp/gatepost-bare-debian}/$suite

[ "$(id -u)" = 0 ] || { echo "A bare Debian needs root."; exit 77; }
mkdir -p "$(dirname "$system")"
{ # one after the other, where several begin at once
  flock 9
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; } 2>&1 | tail -3
} 9>"$(dirname "$system")/lock"
command -v debootstrap >/dev/null || { echo "A bare Debian needs debootstrap."; exit 77; }

if [ ! -e "$system/built" ]; then
  echo "Building a bare Debian $suite in $system (once)…"
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ')
  rm -rf "$system"
  mkdir -p "$system"
  unshare -m debootstrap --variant=minbase --include=python3,python3-pip,make,git,ca-certificates,procps \
    "$suite" "$system" ${mirror:+"$mirror"} >"$system.log" 2>&1 || { tail -20 "$system.log"; exit 1; }
  chroot "$system" useradd -m -s /bin/bash dev
  touch "$system/built"
fi
# The way to the package registries is this machine's.
cp /etc/resolv.conf /etc/hosts "$system/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$system/etc/"
cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$system/etc/apt/" 2>/dev/null || true
sed -i -E "s/\b(bookworm|trixie)\b/$suite/g" "$system"/etc/apt/sources.list "$system"/etc/apt/sources.list.d/* 2>/dev/null || true

home=/home/$account
[ "$account" != root ] || home=/root
rm -rf "$system$home/gatepost"
git -c safe.directory='*' clone -q "$checkout" "$system$home/gatepost"
chroot "$system" chown -R "$account" "$home/gatepost"
inside() {
  unshare -m --pid --fork env -i system="$system" account="$1" home="$2" words="$3" PATH="$PATH" bash -c '
    mount -t proc proc "$system/proc"; mount --rbind /dev "$system/dev"; mount -t tmpfs tmpfs "$system/tmp"; chmod 1777 "$system/tmp"
    exec chroot --userspec="$account" "$system" env -i HOME="$home" USER="$account" LANG=C.UTF-8 \
      PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd ~/gatepost; $words"'
}
[ "$account" = root ] || [ -n "${3:-}" ] || inside root "$home" "python3 -m tests.browser"
inside "$account" "$home" "$command"
