#!/bin/bash
# debian_package.sh SUITE: the Debian package of this commit on a bare Debian (bookworm, trixie) that systemd has booted in
# a container: it is built, installed, takes a mail on port 25, is upgraded while mail comes and waits, and purged. Needs
# root, debootstrap and systemd-nspawn (apt-get install debootstrap systemd-container); else says so and leaves with 77.
set -eu
suite=$1
here=$(cd "$(dirname "$0")" && pwd)
store=${DEBIAN_PACKAGE:-/var/tmp/gatepost-debian-package}
bare=$store/$suite machine=$store/machine-$suite built=${BARE_DEBIAN:-/var/tmp/gatepost-bare-debian}/$suite/var/gatepost-deb
domain=gatepost.test began=$SECONDS

[ "$(id -u)" = 0 ] || { echo "A machine of its own needs root."; exit 77; }
for tool in debootstrap systemd-nspawn; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install debootstrap systemd-container"; exit 77; }
done
say() { echo "$((SECONDS - began)) s  $*"; }

say "Building the package, and one of a later version…"
version=$(python3 "$here/../manage.py" version)
rm -rf "$built"
"$here/bare_debian.sh" "$suite" root "COMPRESSION=0 make -s deb && mv dist /var/gatepost-deb"
tree=$(mktemp -d)
dpkg-deb -R "$built"/*.deb "$tree/later"
sed -i "s/^Version: $version/&.1/" "$tree/later/DEBIAN/control"
sed -i "0,/^version = /s/^version = .*/version = \"$version.1\"/" "$tree/later/usr/lib/gatepost/pyproject.toml"
dpkg-deb -Zxz -z0 -b "$tree/later" "$built" >/dev/null
rm -rf "$tree"
if [ ! -e "$bare/built" ]; then
  say "Making a bare Debian $suite with systemd in $bare (once)…"
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ')
  rm -rf "$bare" && mkdir -p "$bare"
  unshare -m debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,ca-certificates "$suite" "$bare" \
    ${mirror:+"$mirror"} >"$bare.log" 2>&1 || { tail -20 "$bare.log"; exit 1; }
  touch "$bare/built"
fi
rm -rf "$machine"
cp -a --reflink=auto "$bare" "$machine"
mkdir "$machine/packages"
cp "$built"/*.deb "$here/debian_package_mail.py" "$machine/packages"

say "Booting it…"
UNIFIED_CGROUP_HIERARCHY=1 systemd-nspawn -q -b -D "$machine" -M "gatepost-$suite" --register=no --keep-unit \
  --private-network >"$machine.console" 2>&1 </dev/null &
nspawn=$!
stop() {
  kill -KILL "$(pgrep -P $nspawn)" 2>/dev/null || true
  wait $nspawn 2>/dev/null || true
  rm -rf "$machine"
}
trap stop EXIT
inside() {
  nsenter -t "$(pgrep -P $nspawn)" -a -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive bash -c "cd /packages; $1"
}
fail() {
  echo "FAILED: $*"
  inside "systemctl --no-pager --failed; journalctl --no-pager -n 80 -u 'gatepost*'" || true
  exit 1
}
must() { inside "$1" || fail "$1"; }
until inside "systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'" 2>/dev/null; do
  kill -0 $nspawn || { tail -20 "$machine.console"; exit 1; }
done
inside "echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/quick; find / -xdev -path /packages -prune -o -print | sort >/packages/before"

say "Installing…"
must "apt-get install -qq -y ./gatepost_$version+deb*.deb"
must "gatepost status --wait 60"
say "In order. The units, a first mail…"
for unit in postgresql valkey prepare transport forwarder console worker outbound beat; do
  must "systemctl is-active --quiet gatepost-$unit.service"
  must "test \$(systemctl show -P NRestarts gatepost-$unit.service) = 0"
done
must "systemctl is-active --quiet gatepost-transport.socket && systemctl is-enabled --quiet gatepost.target"
must "systemd-analyze verify gatepost.target 2>&1 | (! grep gatepost)"
must "python3 debian_package_mail.py send 1 && python3 debian_package_mail.py delivered 1"
must "test \$(stat -c %a%U /var/lib/gatepost/secret.key) = 600gatepost && test \$(stat -c %a%G /etc/gatepost/gatepost.env) = 640gatepost"
must "test \"\$(gatepost version)\" = $version"

say "One that hangs is started again…"
must "mkdir -p /run/systemd/system/gatepost-beat.service.d && printf '[Service]\nWatchdogSec=3\n' >/run/systemd/system/gatepost-beat.service.d/50-soon.conf
  systemctl daemon-reload && systemctl restart gatepost-beat && kill -STOP \$(systemctl show -P MainPID gatepost-beat)
  timeout 60 sh -c 'until test \$(systemctl show -P NRestarts gatepost-beat) -ge 1; do sleep 0.2; done'"

say "A second worker of each kind…"
must "systemctl enable -q --now gatepost-worker@2 gatepost-outbound@2 && gatepost status --wait 60"
must "systemctl is-active --quiet gatepost-worker@2 && systemctl is-active --quiet gatepost-outbound@2"

must "gatepost gms -c 'Get-ReceiveConnector | Set-ReceiveConnector -Bindings 0.0.0.0:25,[::]:25,0.0.0.0:2626' && gatepost status --wait 30"
say "Upgrading with mail in the queue, and more of it coming on port 25…"
must "echo GATEPOST_MINIMUM_FREE=1000000 >>/etc/gatepost/gatepost.env; sha256sum /var/lib/gatepost/secret.key /etc/gatepost/gatepost.env >kept"
must "systemctl stop 'gatepost-worker*' && python3 debian_package_mail.py send 20"
must "python3 debian_package_mail.py stream & echo \$! >sender; wait \$!" >"$machine.stream" 2>&1 &
streaming=$!
must "apt-get install -qq -y -o Dpkg::Options::=--force-confold ./gatepost_$version.1+deb*.deb"
must "gatepost status --wait 60"
must "kill -TERM \$(cat sender)"
wait $streaming || fail "$(cat "$machine.stream")"
say "$(tail -1 "$machine.stream")"
must "python3 debian_package_mail.py delivered \$((21 + \$(cat streamed)))"
must "systemctl is-active --quiet gatepost-worker@2 && systemctl is-active --quiet gatepost-outbound@2"
must "sha256sum --quiet -c kept && test \"\$(gatepost version)\" = $version.1"

say "Removing, installing again, purging…"
must "apt-get remove -qq -y gatepost && test -e /var/lib/gatepost/secret.key && test -e /etc/gatepost/gatepost.env"
must "apt-get install -qq -y ./gatepost_$version.1+deb*.deb && gatepost status --wait 60 && sha256sum --quiet -c kept"
must "apt-get remove -qq -y gatepost"
must "apt-get purge -qq -y gatepost"
must "! getent passwd gatepost && ! getent group gatepost && ! readlink /proc/[0-9]*/cwd | grep gatepost"
must "test -z \"\$(systemctl list-units --all --no-legend 'gatepost*')\""
must "find / -xdev -path /packages -prune -o -print | sort | comm -13 before - | (! grep -vE '^/(var/(log|cache|lib/(apt|dpkg|systemd))|tmp|run)(/|\$)|/__pycache__(/|\$)')"
say "Nothing is left. Debian $suite: built, installed, upgraded, purged."
