internal import FleetModel

/// What a place is asked, in the language of the least shell there is, with `cat`, `ls` and `id` besides: an image may have
/// no more.
///
/// It reads, and writes nothing anywhere. It comes as the shell's input, so that the mark which tells its own lines from
/// what strangers call their processes and sockets stands in no process list.
enum PlaceScript {
    /// Sockets, ports, processes and clusters.
    static func system(mark: String, folders: [String]) -> String {
        """
        N=\(mark)
        set -- \(folders.map(quoted).joined(separator: " "))
        \(common)
        mark me
        printf 'id: %s\\nname: %s\\n' "$(id -u 2>/dev/null)" "$(id -un 2>/dev/null)"
        cgroups /proc/self/cgroup
        mark postgres
        id -u postgres 2>/dev/null
        mark unix
        cat /proc/net/unix 2>/dev/null
        mark tcp
        cat /proc/net/tcp 2>/dev/null
        mark tcp6
        cat /proc/net/tcp6 2>/dev/null
        for d; do
            mark folder "$d"
            if [ ! -d "$d" ]; then printf 'state: missing\\n'
            elif [ ! -r "$d" ]; then printf 'state: unreadable\\n'
            fi
            printf 'real: %s\\n' "$(cd "$d" 2>/dev/null && pwd -P)"
        done
        mark sockets
        for d; do
            for f in "$d"/.s.PGSQL.*; do if [ -S "$f" ]; then ls -lnd -- "$f" 2>/dev/null </dev/null; fi; done
        done
        while read -r _ _ _ flags _ _ _ f; do
            case $flags:$f in 00010000:/*/.s.PGSQL.*) ls -lnd -- "$f" 2>/dev/null </dev/null ;; esac
        done 2>/dev/null </proc/net/unix
        for p in /proc/[0-9]*; do
            c=
            read -r c 2>/dev/null <"$p/comm"
            case $c in postgres | postmaster | docker-proxy | rootlessport | ssh | sshd | pgbouncer) ;; *) continue ;; esac
            parent= uid=
            while read -r k v _; do
                case $k in PPid:) parent=$v ;; Uid:) uid=$v && break ;; esac
            done 2>/dev/null <"$p/status"
            pc=
            read -r pc 2>/dev/null <"/proc/$parent/comm"
            case $c:$pc in postgres:postgres | postgres:postmaster | postmaster:postmaster) continue ;; esac
            mark process "${p#/proc/}" "$c"
            printf 'Uid: %s\\n' "$uid"
            cgroups "$p/cgroup"
            cwd=$(readlink "$p/cwd" 2>/dev/null)
            case $cwd in *"$newline"*) ;; *) printf 'Cwd: %s\\n' "$cwd" ;; esac
            # Being root is not enough where a container took the right to trace away.
            if out=$(ls -l "$p/fd" 2>/dev/null); then printf '%s\\n' "$out"; else printf 'Sockets: hidden\\n'; fi
        done
        if command -v pg_lsclusters >/dev/null 2>&1; then
            mark clusters
            pg_lsclusters -h 2>/dev/null </dev/null
        fi
        mark end
        """
    }

    /// Containers, running and stopped.
    ///
    /// Of a container's variables only those named here are printed: the others hold passwords.
    static func containers(mark: String) -> String {
        """
        N=\(mark)
        \(common)
        if ! command -v docker >/dev/null 2>&1; then mark containers 127; exit 0; fi
        out=$(docker ps -a --no-trunc --format '\(listing)' 2>&1 </dev/null)
        mark containers $?
        printf '%s\\n' "$out"
        mark details
        ids=$(docker ps -aq --no-trunc 2>/dev/null </dev/null)
        if [ -n "$ids" ]; then docker inspect --type container --format '\(details)' $ids 2>/dev/null </dev/null; fi
        mark end
        """
    }

    /// Not `{{json .}}`, for which docker would measure how large each container is.
    private static let listing =
        "{"
        + ["ID", "Names", "Image", "State", "Status"].map { #""\#($0)":{{json .\#($0)}}"# }.joined(separator: ",") + "}"

    /// `index`, since a key that is not there (`ExposedPorts`, mostly) is an error of the template otherwise.
    private static let details =
        #"{"id":{{json .Id}},"exposed":{{json (index .Config "ExposedPorts")}},"ports":{{json (index .NetworkSettings "Ports")}},"#
        + #""user":[\#(variable("POSTGRES_USER"))null],"port":[\#(variable("PGPORT"))null]}"#

    private static func variable(_ name: String) -> String {
        #"{{range (index .Config "Env")}}{{$p := split . "="}}{{if eq (index $p 0) "\#(name)"}}{{json (index $p 1)}},{{end}}{{end}}"#
    }

    private static let common = """
        PATH=$PATH:/usr/local/bin:/usr/bin:/bin
        LC_ALL=C
        export PATH LC_ALL
        newline='
        '
        mark() { printf '\\n%s %s\\n' "$N" "$*"; }
        cgroups() { while IFS= read -r g; do printf 'Cgroup: %s\\n' "$g"; done 2>/dev/null <"$1"; }
        """

    private static func quoted(_ word: String) -> String {
        "'" + word.replacing(each: "'", with: #"'\''"#) + "'"
    }
}
