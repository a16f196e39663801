# shellcheck shell=bash
# Where the demo's four servers live: a machine with a container, and a VPS behind ssh with a container of its own.
# Sourced by scripts/demo/servers and scripts/demo/run, which have set $dir (the folder) and $owner (who runs servers).
#
#   $dir/local/docker.sock   the engine of this machine        $dir/vps/docker.sock   that of the VPS
#   $dir/ssh/config          how the VPS is reached by ssh; behind it is this machine again
#
# What cannot be had here is left out, and said: without an engine the containers' servers run natively, and without sshd
# the VPS is this machine. $dir/house says what there is: "ssh", "docker".
# shellcheck disable=SC2154  # whoever sources this has set $dir, $owner and $bin

house_has() { grep -qx -- "$1" "$dir/house" 2>/dev/null; }

build_house() {
    : >"$dir/house"
    local why
    if why=$(start_sshd 2>&1); then echo ssh >>"$dir/house"; else say "No ssh hop in this demo: $why"; fi
    if why=$(start_engines 2>&1); then
        echo docker >>"$dir/house"
    else
        say "No containers in this demo, their servers run natively: $why"
        stop_engines
    fi
}

leave_house() {
    local pid
    stop_engines
    if pid=$(<"$dir/ssh/pid"); then kill -- "$pid"; fi 2>/dev/null || true
    rm -rf -- "${dir:?}/ssh" "$dir/local" "$dir/vps" "$dir/house"
}

# ssh --------------------------------------------------------------------------------------------------------------

start_sshd() {
    local folder=$dir/ssh sshd port tries
    sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || {
        echo "there is no sshd (Debian: openssh-server)"
        return 1
    }
    mkdir -m 700 -- "$folder"
    ssh-keygen -q -t ed25519 -N '' -C demo -f "$folder/host_key"
    ssh-keygen -q -t ed25519 -N '' -C demo -f "$folder/key"
    cp "$folder/key.pub" "$folder/authorized_keys"
    # As root it wants a folder for its child to live in.
    if ((EUID == 0)) && [[ ! -d /run/sshd ]]; then mkdir -m 755 /run/sshd; fi
    for tries in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 12000))
        cat >"$folder/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $folder/host_key
PidFile $folder/pid
AuthorizedKeysFile $folder/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
SetEnv HOME=$dir/vps DOCKER_HOST=unix://$dir/vps/docker.sock
CONF
        printf '[127.0.0.1]:%s %s\n' "$port" "$(<"$folder/host_key.pub")" >"$folder/known_hosts"
        cat >"$folder/config" <<CONF
Host vps
    HostName 127.0.0.1
    Port $port
    User $(id -un)
    IdentityFile $folder/key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $folder/known_hosts
    GlobalKnownHostsFile /dev/null
CONF
        "$sshd" -f "$folder/sshd_config" -E "$folder/log" || continue
        if ssh -F "$folder/config" -o BatchMode=yes -o ConnectTimeout=5 vps true </dev/null >/dev/null 2>&1; then return 0; fi
    done
    tail -n 1 "$folder/log"
    return 1
}

# Docker -----------------------------------------------------------------------------------------------------------

start_engines() {
    local place
    ((EUID == 0)) || {
        echo "an engine of one's own needs root"
        return 1
    }
    PATH=$PATH:/usr/sbin command -v dockerd >/dev/null || {
        echo "there is no Docker engine (Debian: docker.io)"
        return 1
    }
    for place in local vps; do start_engine "$place" || return 1; done
    "${BASH_SOURCE%/*}/../container-image" "$bin" >"$dir/local/image.tar" || return 1
    for place in local vps; do
        engine "$place" docker import --change 'ENV LANG=C.UTF-8' --change "ENV PATH=$bin:/usr/bin" - rsm-postgres \
            <"$dir/local/image.tar" >/dev/null || return 1
    done
    rm -f -- "$dir/local/image.tar"
}

# start_engine PLACE: private, without a network, with all that is its own below $dir/PLACE.
start_engine() {
    local folder=$dir/$1 driver tries
    mkdir -m 711 -- "$folder"
    for driver in overlay2 vfs; do
        PATH=$PATH:/usr/sbin dockerd --host="unix://$folder/docker.sock" --data-root="$folder/data" \
            --exec-root="$folder/exec" --pidfile="$folder/pid" --bridge=none --iptables=false --ip6tables=false \
            --storage-driver="$driver" --userland-proxy=false --exec-opt native.cgroupdriver=cgroupfs \
            </dev/null >"$folder/log" 2>&1 &
        disown
        for ((tries = 0; tries < 200; tries++)); do
            if engine "$1" docker version >/dev/null 2>&1; then return 0; fi
            kill -0 $! 2>/dev/null || break
            sleep 0.1
        done
        kill $! 2>/dev/null || true
    done
    tail -n 1 "$folder/log"
    return 1
}

# engine PLACE COMMAND…: with the docker of that place.
engine() { DOCKER_HOST=unix://$dir/$1/docker.sock "${@:2}"; }

stop_engines() {
    local place pid tries
    for place in local vps; do
        pid=$(cat -- "$dir/$place/pid" 2>/dev/null) || continue
        engine "$place" docker ps --all --quiet 2>/dev/null | while read -r id; do
            engine "$place" docker rm --force "$id" >/dev/null 2>&1 || true
        done
        kill -- "$pid" 2>/dev/null || true
        for ((tries = 0; tries < 100; tries++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
}

# run_container PLACE SERVER: the server's data folder, made by this machine, run by a container that has no network; its
# socket folder is this machine's, so that the demo has a door of its own.
run_container() {
    engine "$1" docker run --detach --name rsm-postgres --network none --pull never --stop-signal SIGINT \
        --restart unless-stopped --volume "$dir/$2:$dir/$2" rsm-postgres setpriv --reuid="$(id -u "$owner")" \
        --regid="$(id -g "$owner")" --clear-groups postgres -D "$dir/$2/data" -c listen_addresses=127.0.0.1 >/dev/null
}
