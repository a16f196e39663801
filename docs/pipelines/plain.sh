#!/bin/sh
# One environment without a forge, by a build server or by hand:
#   plain.sh ENV plan     leaves ENV.json and ENV.html, to be looked at
#   plain.sh ENV apply    does what ENV.json says, or nothing
set -eu
environment=$1
case $2 in
    plan)
        status=0
        reconcile plan "$environment" --out "$environment.json" --detailed-exitcode || status=$?
        if [ "$status" -eq 2 ]; then
            reconcile show "$environment.json" --format html --output "$environment.html"
            echo "Changes are owed: look at $environment.html, then: $0 $environment apply"
            exit 0
        fi
        # 0: nothing to do. Anything else is for a person: 3 is refused, 1 a server that does not answer.
        exit "$status"
        ;;
    apply)
        tries=0
        while :; do
            status=0
            reconcile apply "$environment.json" || status=$?
            # 4: another run works there. 5: what the plan was made for has changed; plan anew.
            if [ "$status" -ne 4 ] || [ "$tries" -eq 10 ]; then exit "$status"; fi
            tries=$((tries + 1))
            sleep 30
        done
        ;;
    *) exit 64 ;;
esac
