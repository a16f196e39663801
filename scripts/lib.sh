# shellcheck shell=bash
# What the scripts share: speaking, and finding PostgreSQL's programs. Sourced, never run.

say() { printf '%s\n' "$*" >&2; }
die() {
    say "${0##*/}: $*"
    exit 1
}

# forget_libpq_variables: PGHOST and its kin in the caller's environment are not meant for our private servers.
forget_libpq_variables() {
    local name
    for name in "${!PG@}"; do
        if [[ $name != PG_BIN ]]; then unset "$name"; fi
    done
}

# pg_bin: the folder of PostgreSQL's server and client programs: $PG_BIN, else the newest installed, else that of PATH.
pg_bin() {
    local folder newest=
    if [[ -n ${PG_BIN:-} ]]; then
        printf '%s\n' "$PG_BIN"
        return
    fi
    for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [[ -x $folder/initdb && -x $folder/pg_dump ]] || continue
        if [[ -z $newest || $(pg_major "$folder") -gt $(pg_major "$newest") ]]; then newest=$folder; fi
    done
    if [[ -z $newest ]] && folder=$(command -v initdb); then newest=$(dirname "$(readlink -f "$folder")"); fi
    [[ -n $newest ]] || return 1
    printf '%s\n' "$newest"
}

# pg_majors_folder: where scripts/postgres-majors keeps other major versions, each as MAJOR/bin.
pg_majors_folder() {
    if [[ -n ${RECONCILE_PG_MAJORS:-} ]]; then
        printf '%s\n' "$RECONCILE_PG_MAJORS"
    elif ((EUID == 0)); then
        printf '%s\n' /var/cache/reconcile/postgresql
    else
        printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/reconcile/postgresql"
    fi
}

# pg_major FOLDER: the major version in a path such as …/postgresql/15/bin or …/postgresql@17/bin.
pg_major() {
    local digits=${1%/bin}
    digits=${digits##*[!0-9]}
    printf '%s\n' "${digits:-0}"
}

# pg_version PROGRAM: "15.20" from "pg_dump (PostgreSQL) 15.20 (Debian …)".
pg_version() {
    local words
    read -r -a words <<<"$("$1" --version)"
    printf '%s\n' "${words[2]:-unknown}"
}

# pg_recent_enough VERSION: no known hole in this version's client tools.
pg_recent_enough() {
    local major=${1%%[!0-9]*} minor=${1#*.}
    [[ -n $major ]] || return 1
    # A beta ("19beta1") has no minor yet.
    [[ $minor =~ ^[0-9]+$ ]] || minor=0
    case $major in
        14) ((minor >= 24)) ;;
        15) ((minor >= 19)) ;;
        16) ((minor >= 15)) ;;
        17) ((minor >= 11)) ;;
        18) ((minor >= 6)) ;;
        *) ((major > 18)) ;;
    esac
}

# server_account: who runs a private server where root asks for one; PostgreSQL does not run as root.
server_account() {
    if ((EUID != 0)); then
        id -un
    else
        id -un postgres 2>/dev/null || id -un nobody 2>/dev/null || die "PostgreSQL cannot run as root: no user postgres or nobody"
    fi
}

# as_owner COMMAND…: as the user $owner, who runs the servers, from a folder anyone may read.
# shellcheck disable=SC2154  # whoever calls it has set $owner
as_owner() {
    (
        cd /
        if ((EUID == 0)); then
            exec setpriv --reuid "$owner" --regid "$(id -g "$owner")" --init-groups -- "$@"
        fi
        exec "$@"
    )
}
