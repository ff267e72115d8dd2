#!/usr/bin/env bash
# Installs the package on a clean Debian 12 under systemd-nspawn, and lives through its life there:
# start, readings, SIGKILL, a hang, a changed configuration, an upgrade, removal, purging. Prints a line a
# check, and ends with "N passed, N failed". As root, with Debian's mmdebstrap, systemd-container, curl,
# jq and mosquitto-clients; takes a minute or two, most of it for building two packages.
#
#   npm run package:try [-- ROOTFS]     ROOTFS: a folder made by an earlier mmdebstrap, to be used again
set -uo pipefail
cd "$(dirname "$0")/.."

for program in mmdebstrap systemd-nspawn curl jq mosquitto_pub; do
  command -v "$program" >/dev/null || { echo "missing: $program (apt-get install mmdebstrap systemd-container curl jq mosquitto-clients)" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "needs root: it boots a container" >&2; exit 2; }

scratch="$(mktemp -d /var/tmp/penstock-try.XXXXXX)"
machine="penstock-try-$$"
merged="$scratch/merged"
started=$SECONDS
passed=0
failed=0
groups=()
nspawn=

finish() {
  if [ -n "$nspawn" ]; then inside systemctl poweroff >/dev/null 2>&1; wait "$nspawn" 2>/dev/null; fi
  mountpoint -q "$merged" && umount "$merged"
  rm -rf "$scratch"
  for group in "${groups[@]}"; do find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null; done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
trap finish EXIT

check() {
  local title="$1" output
  shift
  if output="$("$@" 2>&1)"; then
    passed=$((passed + 1))
    printf '[%3ds] ok      %s\n' $((SECONDS - started)) "$title"
  else
    failed=$((failed + 1))
    printf '[%3ds] FAILED  %s\n%s\n' $((SECONDS - started)) "$title" "$output"
  fi
}

inside() {
  nsenter -t "$leader" -m -u -i -n -p -C --root --wd \
    /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

# Host programs in the container's network, so that the container stays as Debian made it.
in_network() { nsenter -t "$leader" -n "$@"; }
status() { in_network curl -fsS http://127.0.0.1:8080/api/status; }
stored() { status | jq '[.readings.bySource[]] | add // 0'; }
main_pid() { inside systemctl show -P MainPID penstock; }
restarts() { inside systemctl show -P NRestarts penstock; }

eventually() {
  local deadline=$((SECONDS + 90))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { "$@"; return 1; }
    sleep 0.2
  done
}

# A device that repeats a message does so under its client id.
publish() { in_network mosquitto_pub -h 127.0.0.1 -i oven-1 -q 1 -t oven-1 -m "$1"; }
journal_says() {
  local journal
  journal="$(inside journalctl -u penstock --no-pager)"
  grep -E "$1" <<<"$journal" || { tail -n 8 <<<"$journal"; return 1; }
}
exposure_is_low() { inside systemd-analyze security penstock --no-pager | tail -n 1 | tee "$scratch/exposure" | grep -E ' ([01]\.[0-9]|2\.0) '; }
healthy() { in_network curl -fsS http://127.0.0.1:8080/healthz; }
stores() { [ "$(stored)" = "$1" ]; }
restarted() { [ "$(restarts)" = "$1" ] && inside systemctl is-active penstock && status >/dev/null; }
has_user() { inside getent passwd penstock; }

boot() {
  local base="$1"
  mkdir -p "$scratch/up" "$scratch/work" "$merged"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$scratch/up,workdir=$scratch/work" "$merged"
  cp "$scratch"/*.deb "$merged/srv/"
  # The container's systemd wants a control group of its own, in each hierarchy that this machine has.
  for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ -d "$hierarchy" ] && mkdir -p "$hierarchy/$machine" && groups+=("$hierarchy/$machine")
  done
  (
    for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    exec systemd-nspawn -q -D "$merged" --boot --register=no --keep-unit --private-network \
      --machine="$machine" --console=pipe </dev/null >"$scratch/console.log" 2>&1
  ) &
  nspawn=$!
  eventually leader_is_up
  eventually booted
  inside ip link set lo up
}
leader_is_up() { leader="$(pgrep -P "$nspawn" | head -n 1)" && [ -S "/proc/$leader/cwd/run/systemd/private" ]; }
booted() { inside systemctl is-system-running | grep -qE 'running|degraded'; }

echo "building two versions"
for version in 0.0.1 0.0.2; do
  npm run -s package -- --version "$version" --out "$scratch" >/dev/null || exit 1
done
rootfs="${1:-}"
if [ -z "$rootfs" ]; then
  echo "making a clean Debian 12"
  rootfs="$scratch/debian"
  mmdebstrap --quiet --variant=minbase --format=directory \
    --include=systemd-sysv,udev,dbus,adduser,ca-certificates,iproute2,libstdc++6 bookworm "$rootfs" || exit 1
fi
boot "$rootfs"
echo "booted after $((SECONDS - started)) s"

check "installs" inside dpkg -i /srv/penstock_0.0.1_amd64.deb
check "runs after the installation, under a user of its own" inside systemctl is-active penstock
check "systemd was told that it is ready" eventually healthy
check "penstock is on the path" inside penstock check /etc/penstock/gateway.yaml
check "penstock-cloud is on the path" inside penstock-cloud --help
check "penstock-sim is on the path" inside penstock-sim --help
check "takes a reading by MQTT" publish '{"temperature": 71.2, "ts": 1763707200000}'
check "has it on disk" eventually stores 1

pid="$(main_pid)"
inside systemctl kill --kill-whom=main -s SIGKILL penstock
check "is started again after SIGKILL ($pid)" eventually restarted 1
check "kept the reading" stores 1
check "knows the repeated message by its fingerprint" publish '{"temperature": 71.2, "ts": 1763707200000}'
check "did not count it twice" stores 1

pid="$(main_pid)"
# By the shell: a clean Debian has no such program.
inside sh -c "kill -STOP $pid"
check "the watchdog ends a hang, and it is started again ($pid)" eventually restarted 2
check "the journal says that it was the watchdog" journal_says "[Ww]atchdog timeout"

inside sh -c 'sed -i "s/^gateway: .*/gateway: hall-3/" /etc/penstock/gateway.yaml; echo S3cret >/etc/penstock/credentials/event-hubs'
inside sh -c 'printf "uplink:\n  eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: !secret event-hubs }\n" >>/etc/penstock/gateway.yaml'
check "a command finds the secret that the file names" inside penstock check
check "and the running agent" eventually inside penstock buffer stat
check "takes another reading" publish '{"temperature": 72.4, "ts": 1763707201000}'
check "upgrades" inside dpkg -i --force-confold /srv/penstock_0.0.2_amd64.deb
check "runs after the upgrade" eventually restarted 0
check "is the new version" inside sh -c "dpkg-query -W -f='\${Version}' penstock | grep -x 0.0.2"
check "kept the changed configuration" inside grep -x 'gateway: hall-3' /etc/penstock/gateway.yaml
check "kept the credential, for root alone" inside sh -c '[ "$(cat /etc/penstock/credentials/event-hubs)" = S3cret ] && [ "$(stat -c %a:%U /etc/penstock/credentials/event-hubs)" = 600:root ]'
check "kept the buffer" eventually stores 2

inside sh -c 'echo "colour: blue" >>/etc/penstock/gateway.yaml'
inside systemctl restart penstock >/dev/null 2>&1
check "a wrong file is told in the journal, by line and fix" eventually journal_says "gateway.yaml:[0-9]+:1: unknown key"
inside sed -i '/^colour/d' /etc/penstock/gateway.yaml
check "and it starts by itself when the file is mended" eventually inside systemctl is-active penstock

check "a sandbox of exposure 2.0 or less" exposure_is_low
cat "$scratch/exposure"
check "stops cleanly" inside systemctl stop penstock
check "is removed" inside dpkg -r penstock
check "removal keeps the data" inside test -d /var/lib/penstock/buffer
check "is purged" inside dpkg -P penstock
check "purging leaves nothing" inside sh -c '! ls -d /var/lib/penstock /etc/penstock /usr/lib/penstock 2>/dev/null'
