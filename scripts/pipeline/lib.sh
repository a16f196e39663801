# shellcheck shell=bash
# What the scripts of a pipeline share. Sourced, never run. Everything comes in by environment variables and arguments, and
# no text of a pull request is ever a part of a command. docs/pipelines.md says what each variable means.
#
#   RECONCILE             the program                                  (reconcile, of PATH)
#   RECONCILE_ROOT        the folder of environments/ and manifests/   (.)
#   PIPELINE_OUT          where results go                             (.reconcile/pipeline below the root)
#   PIPELINE_PATHS        below the root: what a plan was made from    (environments manifests migrations)
#   PIPELINE_ALLOW        hazards to grant, as --allow takes them

program=${RECONCILE:-reconcile}
root=${RECONCILE_ROOT:-.}
out=${PIPELINE_OUT:-$root/.reconcile/pipeline}
read -ra paths <<<"${PIPELINE_PATHS:-environments manifests migrations}"

say() { printf '%s\n' "$*" >&2; }

# stop STATUS MESSAGE…: the last word.
stop() {
    local status=$1
    shift
    say "${0##*/}: $*"
    exit "$status"
}

# need PROGRAM…: what a script cannot do without.
need() {
    local name
    for name in "$@"; do command -v "$name" >/dev/null || stop 1 "$name is needed here and not installed"; done
}

# prepare: the folder of results, for its owner alone, since plans hold names and SQL.
prepare() {
    [[ $out != *$'\n'* ]] || stop 64 "PIPELINE_OUT holds the end of a line"
    # What was checked out may hold a link there, and what is below it would be removed and written over.
    local part=$root/.reconcile
    [[ ! -L $part && ! -L $out ]] || stop 65 "$part or $out is a link; results go to a folder of the job's own"
    need "$program"
    # Who asks the forge has it by now; the program runs what a class expects, and that needs none.
    unset PIPELINE_TOKEN GITHUB_TOKEN
    # Not below a .reconcile that everybody may read: the program itself keeps backups there.
    (umask 077 && mkdir -p "$out") || stop 1 "cannot make $out"
}

# quietly COMMAND…: run it so that a forge's runner takes no line of its output for a command. GitHub's runner obeys lines
# that begin with "::", and names, messages and SQL may hold anything.
quietly() {
    local status=0 word
    if [[ -z ${GITHUB_ACTIONS:-} ]]; then
        "$@"
        return
    fi
    word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '::stop-commands::%s\n' "$word"
    "$@" || status=$?
    printf '\n::%s::\n' "$word"
    return "$status"
}

# output NAME VALUE: for later steps of the job; off a forge, for people. Values are ours: numbers, words, paths, digests.
output() {
    [[ $2 != *$'\n'* ]] || stop 1 "the value of $1 holds the end of a line"
    if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; fi
    say "$1: $2"
}

# summarize FILE: show it on the run's page, where there is such a page.
summarize() {
    [[ -z ${GITHUB_STEP_SUMMARY:-} ]] || cat "$1" >>"$GITHUB_STEP_SUMMARY"
}

# granting: the arguments that grant PIPELINE_ALLOW, one a line.
granting() { [[ -z ${PIPELINE_ALLOW:-} ]] || printf '%s\n' --allow "$PIPELINE_ALLOW"; }

# sources: what a plan was made from: a line for each file below PIPELINE_PATHS, its SHA-256 and its name.
sources() {
    (
        cd "$root" || exit 1
        for path in "${paths[@]}"; do
            [[ ! -e $path ]] || find "./$path" -type f -print0
        done | LC_ALL=C sort -zu | xargs -0r sha256sum
    )
}

# told FILE [LINES]: the last lines of a text, to stand in Markdown as they are, whatever they hold.
told() {
    printf '<pre>\n'
    tail -n "${2:-40}" "$1" | cut -c 1-200 | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
    printf '</pre>\n'
}

# meaning STATUS: what an exit status says, in a few words.
meaning() {
    case $1 in
        0) echo "nothing is owed" ;;
        1) echo "failed" ;;
        2) echo "changes are owed" ;;
        3) echo "refused by policy" ;;
        4) echo "locked by another run" ;;
        5) echo "the fleet or a file has changed since the plan was made" ;;
        64) echo "wrong usage" ;;
        65) echo "invalid manifest or migration folder" ;;
        130) echo "interrupted" ;;
        *) echo "ended with $1" ;;
    esac
}
