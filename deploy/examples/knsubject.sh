#!/bin/sh
# Records an item as an AFAS client does, adds a response to it, and prints its number. Needs curl.
#   UITPOST_URL=http://127.0.0.1:8420 UITPOST_AFAS_TOKEN=$(uitpost token create --afas --scope send --name profit) \
#     sh knsubject.sh
set -eu

ask() {
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused \
    -H "Authorization: AfasToken $UITPOST_AFAS_TOKEN" -H "Accept-Language: en-us" "$@"
}
connectors="$UITPOST_URL/ProfitRestServices/connectors"

# The same body again within a quarter of an hour is the same item: a request whose answer got lost is simply sent again.
recorded=$(ask "$connectors/KnSubject" --data @- <<'REQUEST'
{"KnSubject": {"Element": {
  "Fields": {"StId": -5, "Ds": "Invitation 2026", "SbTx": "Invited by **telephone**", "Da": "2026-03-02T10:15:00"},
  "Objects": [
    {"KnSubjectLink": {"Element": {"Fields": {"ToBC": true, "BcId": "1000744"}}}},
    {"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "route.txt", "FileStream": "VHVybiBsZWZ0Lgo="}}}}
  ]
}}}
REQUEST
)
number=$(printf '%s' "$recorded" | sed 's/.*"SbId":"\([^"]*\)".*/\1/')

ask "$connectors/KnSubjectReaction" --data @- <<RESPONSE >/dev/null
{"KnReaction": {"Element": {"Fields": {"SbId": $number, "SbTx": "They will come.", "VaRe": "I"}}}}
RESPONSE

echo "$number"
