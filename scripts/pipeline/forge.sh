# shellcheck shell=bash
# Asking a forge. Sourced after lib.sh.

# reach_forge: sets forge, api, project, pull and token from what the forge tells its jobs; makes $work, a private folder.
reach_forge() {
    forge=${PIPELINE_FORGE:-}
    if [[ -z $forge && -n ${GITHUB_ACTIONS:-} ]]; then forge=github; fi
    if [[ -z $forge && -n ${GITLAB_CI:-} ]]; then forge=gitlab; fi
    pull=${PIPELINE_PULL:-}
    case $forge in
        github)
            api=${GITHUB_API_URL:-https://api.github.com} project=${GITHUB_REPOSITORY:-}
            token=${PIPELINE_TOKEN:-${GITHUB_TOKEN:-}}
            if [[ -z $pull && -s ${GITHUB_EVENT_PATH:-} ]]; then
                pull=$(jq -r '.pull_request.number // empty' "$GITHUB_EVENT_PATH")
            fi
            [[ $project =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || stop 64 "GITHUB_REPOSITORY is no OWNER/NAME"
            ;;
        gitlab)
            api=${CI_API_V4_URL:-https://gitlab.com/api/v4} project=${CI_PROJECT_ID:-}
            token=${PIPELINE_TOKEN:-}
            pull=${pull:-${CI_MERGE_REQUEST_IID:-}}
            [[ $project =~ ^[0-9]+$ ]] || stop 64 "CI_PROJECT_ID is no number"
            ;;
        *) stop 64 "no forge is known here: set PIPELINE_FORGE to github or gitlab" ;;
    esac
    [[ $pull =~ ^[0-9]*$ ]] || stop 64 "the request's number is no number"
    # A token that crosses a network in the clear is everybody's.
    [[ $api =~ ^https:// || $api =~ ^http://(127\.0\.0\.1|localhost)(:|/|$) ]] || stop 64 "$api is no https address"
    [[ $token =~ ^[A-Za-z0-9._~+/=-]+$ ]] || stop 64 "PIPELINE_TOKEN is not set, or no token"
    work=$(mktemp -d) || stop 1 "cannot make a temporary folder"
    trap 'rm -rf "$work"' EXIT
}

# ask METHOD PATH [BODY-FILE]: the answer is in $work/answer. Where it is none of success, that ends the script with 1.
# The token goes in by a configuration on standard input: arguments can be read by everybody on the machine.
ask() {
    local method=$1 path=$2 code again=()
    # What was written already would be written twice.
    if [[ $method != POST ]]; then again=(--retry 3); fi
    if (($# > 2)); then again+=(--data-binary "@$3"); fi
    code=$(
        set +x
        printf 'header = "%s"\n' "Authorization: Bearer $token" "Content-Type: application/json" |
            curl --disable --config - --silent --show-error --max-time 60 --request "$method" "${again[@]}" \
                --output "$work/answer" --write-out '%{http_code}' "$api/$path"
    ) || stop 1 "$api does not answer"
    if [[ $code != 2* ]]; then
        # What it says may hold anything; it is one line without control characters here.
        stop 1 "$method $path: $code $(jq -r '.message // .error // empty | tostring' "$work/answer" 2>/dev/null |
            tr -d '\000-\037' | cut -c 1-200)"
    fi
}
