#!/bin/sh
# Checks a Keyrite evidence bundle with stock tools: POSIX sh, coreutils, find, sed, grep, xargs, cmp, jq (1.6 or
# later) and openssl. What is checked, and what only "keyrite verify" checks, is told in README.txt and in Keyrite's
# docs/evidence-format.md. Nothing is written but to a temporary folder; no network is used.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH
umask 077

usage() {
  cat <<'TEXT'
usage: sh verify.sh [--plan-hash HASH] [--approver KEY.pem]... [BUNDLE]

BUNDLE is the folder of the bundle; without it, the folder this script lies in.
--plan-hash  the plan hash (64 hex digits) as you know it from elsewhere
--approver   the public key of somebody who approved the plan, as you know it from elsewhere; may be given several
             times, and all of them must match

A plan hash says that what was done is what was approved. It authenticates people only as far as the plan pins their
keys: give the key of an approver to know who approved.

Exit 0: consistent or verified. Exit 1: refused or incomplete. Exit 2: could not be started.
TEXT
}

cannot_start() {
  printf 'verify.sh: %s\n' "$1" >&2
  exit 2
}

# --- What was given --------------------------------------------------------------------------------------------------

bundle=
plan_hash=
approvers=
given=no
while [ $# -gt 0 ]; do
  case $1 in
    --plan-hash)
      [ $# -ge 2 ] || cannot_start '--plan-hash needs a hash'
      [ -z "$plan_hash" ] || cannot_start '--plan-hash is given twice'
      plan_hash=$(printf '%s' "$2" | tr 'A-F' 'a-f')
      printf '%s\n' "$plan_hash" | grep -qx '[0-9a-f]\{64\}' || cannot_start 'a plan hash has 64 hex digits'
      given=yes
      shift 2
      ;;
    --approver)
      [ $# -ge 2 ] || cannot_start '--approver needs the file of a public key'
      key=$(openssl pkey -pubin -in "$2" -outform DER 2>/dev/null | base64 | tr -d '\n')
      [ -n "$key" ] || cannot_start "$2 is not a public key in PEM form"
      approvers="$approvers $key"
      given=yes
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*) usage >&2; exit 2 ;;
    *)
      [ -z "$bundle" ] || cannot_start 'more than one bundle was given'
      bundle=$1
      shift
      ;;
  esac
done
[ -n "$bundle" ] || bundle=$(dirname -- "$0")
for tool in find sed grep xargs cmp jq openssl base64 sha256sum sort split paste cut tr head tail wc mktemp; do
  command -v "$tool" >/dev/null || cannot_start "$tool is not installed"
done
cd -- "$bundle" 2>/dev/null || cannot_start "$bundle is not a folder that can be read"

tmp=$(mktemp -d) || cannot_start 'no temporary folder can be made'
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
mkdir "$tmp/line" "$tmp/leaf" "$tmp/payload" "$tmp/message" "$tmp/signature" "$tmp/state" "$tmp/keys" "$tmp/tree"
: >"$tmp/missing"

refuse() {
  printf 'finding: %s\n' "$1"
  if [ -f transcript.jsonl ] && [ ! -L transcript.jsonl ]; then
    printf 'exceptions: %s\nwithheld: 0\n' "$(grep -c ',"type":"exception.recorded"}$' transcript.jsonl)"
  fi
  printf 'verdict: refused\n'
  exit 1
}

missing() {
  printf '%s\n' "$1" >>"$tmp/missing"
}

# --- Files: nothing but plain files with plain names, and exactly the sums they have ------------------------------------

odd=$(find . ! -type f ! -type d | head -n 1 | tr -cd '[:print:]')
[ -z "$odd" ] || refuse "$odd: is not a plain file"
odd=$(find . ! -name . \( -name '*[!A-Za-z0-9._-]*' -o -name '[!A-Za-z0-9]*' \) | head -n 1 | tr -cd '[:print:]')
[ -z "$odd" ] || refuse "$odd: no file of a bundle has such a name"
find . ! -name . -type d -empty >"$tmp/empty"
while IFS= read -r odd; do
  case $odd in
    ./approvals | ./keys | ./checkpoints | ./packages | ./attachments) missing "$odd: is an empty folder" ;;
    *) refuse "$odd: is an empty folder" ;;
  esac
done <"$tmp/empty"
[ -z "$(find . -type f -size +131072 | head -n 1)" ] || refuse 'a file is longer than 64 MiB'
find . -type f | sed 's/^..//' | sort >"$tmp/names" || refuse 'the folder cannot be listed'
[ "$(wc -l <"$tmp/names")" -le 10000 ] || refuse 'more than 10000 files'
odd=$(grep -v '^[^/]*\(/[^/]*\)\{0,3\}$' "$tmp/names" | head -n 1)
[ -z "$odd" ] || refuse "$odd: lies too deep"
odd=$(grep '^.\{256\}' "$tmp/names" | head -n 1)
[ -z "$odd" ] || refuse "$odd: its name is too long"
xargs sha256sum <"$tmp/names" 2>/dev/null >"$tmp/all-sums" || refuse 'a file cannot be read'
grep -v '^[0-9a-f]*  SHA256SUMS$' "$tmp/all-sums" >"$tmp/sums"
if [ -f SHA256SUMS ]; then
  if ! cmp -s "$tmp/sums" SHA256SUMS; then
    odd=$(grep -vxF -f SHA256SUMS "$tmp/sums" 2>/dev/null | head -n 1 | cut -c67-)
    refuse "SHA256SUMS: ${odd:-another file, or the form of the list,} is not as the list says"
  fi
else
  missing 'SHA256SUMS: is not there: the export was not finished'
fi
for name in transcript.jsonl plan.json binding.json plan.yaml binding.yaml; do
  [ -f "$name" ] || refuse "$name: is not there"
done
for name in plan.json binding.json; do
  [ "$(wc -c <"$name")" -le 1048576 ] || refuse "$name: is longer than 1 MiB"
  [ "$(wc -l <"$name")" -eq 0 ] || refuse "$name: is not one line without an LF"
done

# --- Lines: one file each, without the LF, and with the leaf's prefix -------------------------------------------------

lines=$(($(wc -l <transcript.jsonl)))
[ "$lines" -ge 1 ] || refuse 'transcript.jsonl: has no whole line'
[ "$lines" -le 100000 ] || refuse 'transcript.jsonl: more than 100000 lines'
head -n "$lines" transcript.jsonl >"$tmp/transcript"
cmp -s "$tmp/transcript" transcript.jsonl ||
  missing 'transcript.jsonl: was not written to its end: the ceremony must be resumed'
place=1000000
while IFS= read -r line; do
  printf '%s' "$line" >"$tmp/line/$place"
  printf '\000%s' "$line" >"$tmp/leaf/$place"
  place=$((place + 1))
done <"$tmp/transcript"
[ -z "$(find "$tmp/line" -type f -size +2048 | head -n 1)" ] || refuse 'transcript.jsonl: a line is longer than 1 MiB'

# SHA-256 of every file in a folder, in the order of their names.
hash_each() {
  (cd "$1" && printf '%s\n' ./* | xargs sha256sum) | cut -c1-64
}
hash_each "$tmp/line" >"$tmp/line-hashes"
hash_each "$tmp/leaf" >"$tmp/leaf-hashes"

# RFC 6962 tree hash, in hex, over the first $1 leaves: level by level, an odd one out goes up as it is.
tree_hash() {
  head -n "$1" "$tmp/leaf-hashes" >"$tmp/level"
  while [ "$(wc -l <"$tmp/level")" -gt 1 ]; do
    rm -rf "$tmp/tree" && mkdir "$tmp/tree"
    paste -d '\0' - - <"$tmp/level" >"$tmp/pairs"
    sed -n 's/^.\{128\}$/01&/p' "$tmp/pairs" | sed 's/../\\\\x&/g' | xargs printf '%b' | split -b 65 -a 5 - "$tmp/tree/n"
    hash_each "$tmp/tree" >"$tmp/level"
    sed -n '/^.\{64\}$/p' "$tmp/pairs" >>"$tmp/level"
  done
  cat "$tmp/level"
}

# --- Checkpoints: exact form, root, and the envelope that must follow from the .sig files ------------------------------

T=application/vnd.keyrite.checkpoint
: >"$tmp/checkpoints"
odd=$(grep '^checkpoints/' "$tmp/names" |
  grep -v '^checkpoints/[0-9]\{4\}\.\(checkpoint\|dsse\.json\|[a-z0-9][a-z0-9-]\{0,62\}\.sig\)$' | head -n 1)
[ -z "$odd" ] || refuse "$odd: no file of a checkpoint has such a name"
count=0
# shellcheck disable=SC2013 # names without white space: checked above
for number in $(sed -n 's/^checkpoints\/\([0-9]\{4\}\)\..*$/\1/p' "$tmp/names" | sort -u); do
  count=$((count + 1))
  expected=$((10000 + count))
  [ "$number" = "${expected#1}" ] || refuse "checkpoints/$number: the numbers do not run from 0001 without a gap"
  name=checkpoints/$number.checkpoint
  [ -f "$name" ] || refuse "$name: is not there"
  { IFS= read -r origin && IFS= read -r size && IFS= read -r root; } <"$name" || refuse "$name: is not a checkpoint"
  printf '%s\n%s\n%s\n' "$origin" "$size" "$root" | cmp -s - "$name" || refuse "$name: is not a checkpoint in its exact form"
  printf '%s\n' "$origin" | grep -qx 'keyrite/\(rehearsal\|production\)/[a-z0-9][a-z0-9-]\{0,62\}' ||
    refuse "$name: its origin is none of Keyrite's"
  printf '%s\n' "$size" | grep -qx '[1-9][0-9]\{0,8\}' || refuse "$name: its size is not a number"
  [ "$size" -le "$lines" ] || refuse "$name: covers more lines than there are"
  hex=$(tree_hash "$size")
  made=$(printf '%s\n' "$hex" | sed 's/../\\\\x&/g' | xargs printf '%b' | base64)
  [ "$root" = "$made" ] || refuse "$name: its root is not that of the first $size lines"
  text=$(base64 <"$name" | tr -d '\n')
  envelope="{\"payload\":\"$text\",\"payloadType\":\"$T\",\"signatures\":["
  comma=
  # shellcheck disable=SC2013
  for id in $(sed -n "s/^checkpoints\/$number\.\(.*\)\.sig$/\1/p" "$tmp/names" | sort); do
    envelope="$envelope$comma{\"keyid\":\"$id\",\"sig\":\"$(base64 <"checkpoints/$number.$id.sig" | tr -d '\n')\"}"
    comma=,
  done
  envelope="$envelope]}"
  stored=false
  if [ -f "checkpoints/$number.dsse.json" ]; then
    stored=true
    printf '%s\n' "$envelope" | cmp -s - "checkpoints/$number.dsse.json" ||
      refuse "checkpoints/$number.dsse.json: does not hold exactly the checkpoint and the signatures in the .sig files"
  fi
  { printf 'DSSEv1 %d %s %d ' "${#T}" "$T" "$(wc -c <"$name")" && cat "$name"; } >"$tmp/message/c$count"
  printf '{"number":%d,"name":"%s","origin":"%s","size":%d,"root":"%s","stored":%s,"envelope":%s}\n' \
    "$count" "$name" "$origin" "$size" "$hex" "$stored" "$envelope" >>"$tmp/checkpoints"
done

# --- Envelopes: what is signed, by whom, and the files openssl needs to check it ----------------------------------------

: >"$tmp/approvals"
grep '^approvals/' "$tmp/names" >"$tmp/approval-names"
while IFS= read -r name; do
  [ "$(wc -c <"$name")" -le 1048577 ] || refuse "$name: is longer than 1 MiB"
  [ "$(wc -l <"$name")" -eq 1 ] || refuse "$name: is not one line"
  cat "$name" >>"$tmp/approvals"
done <"$tmp/approval-names"

jq -rn --slurpfile T "$tmp/transcript" --slurpfile A "$tmp/approvals" --slurpfile C "$tmp/checkpoints" '
def id: type == "string" and test("^[a-z0-9][a-z0-9-]{0,62}\\z");
def base64: type == "string" and
  test("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?\\z");
def bytes:
  [explode[] | if . == 61 then 0 elif . >= 97 then . - 71 elif . >= 65 then . - 65 elif . >= 48 then . + 4
    elif . == 43 then 62 else 63 end] as $v
  | (if endswith("==") then 2 elif endswith("=") then 1 else 0 end) as $pad
  | [range(0; $v | length; 4) as $i | ($v[$i] * 262144 + $v[$i + 1] * 4096 + $v[$i + 2] * 64 + $v[$i + 3])
    | (. / 65536 | floor), (. / 256 | floor % 256), (. % 256)]
  | .[0:(length - $pad)];
# Where the positive INTEGER at $at ends; null when it is none in DER.
def integer($at): .[$at + 1] as $n | .[$at + 2] as $first
  | if .[$at] == 2 and $n != null and $n > 0 and $n < 128 and $first != null and $first < 128
      and (($first == 0 and $n > 1 and (.[$at + 3] // 0) < 128) | not)
    then $at + 2 + $n else null end;
def strict_der: . as $b | ($b | length) as $n
  | (if $b[1] == 129 then 3 else 2 end) as $start
  | (if $start == 3 then $b[2] else $b[1] end) as $length
  | $b[0] == 48 and $length == $n - $start and (if $start == 3 then $length >= 128 else $length < 128 end)
    and (($b | integer($start)) as $next | $next != null and ($b | integer($next)) == $n);
def octal: "\\0" + ([(. / 64 | floor), (. / 8 | floor % 8), . % 8] | map(tostring) | join(""));
def begins($prefix): .[0:($prefix | length)] == $prefix;
def proper_key: .algorithm as $a | (.spki | bytes) as $b
  | if $a == "ecdsa-p256-sha256" then (.spki | begins("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE")) and ($b | length) == 91
    elif $a == "ecdsa-p384-sha384" then (.spki | begins("MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE")) and ($b | length) == 120
    elif $a == "ecdsa-p521-sha512" then (.spki | begins("MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAA")) and $b[25] == 4 and ($b | length) == 158
    elif $a == "ed25519" then (.spki | begins("MCowBQYDK2VwAyEA")) and ($b | length) == 44
    elif $a == "rsa-pss-sha256" then ($b | length) >= 294 and $b[0:2] == [48, 130]
      and $b[2] * 256 + $b[3] == ($b | length) - 4
      and $b[4:21] == [48, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0, 3, 130]
    else false end;
def finding($where; $text): "F \($where): \($text)";

$T[0].body.roster as $roster
| if $T[0].type != "ceremony.opened" or ($roster | type) != "array" then finding("transcript.jsonl line 0"; "does not open a ceremony")
  elif any($roster[]; (.id | id | not) or (.key.spki | base64 | not)) then finding("transcript.jsonl line 0"; "its roster is malformed")
  else
    ($roster | map({key: .id, value: .key}) | from_entries) as $keys
    | ( $roster[]
        | if .key | proper_key then "K \(.id) \(.key.spki | [range(0; length; 64) as $i | .[$i:$i + 64]] | join(" "))"
          else finding("transcript.jsonl line 0"; "the key of \(.id) is not a plain key of its algorithm") end ),
      ( ( range(0; $T | length) as $i | $T[$i]
          | if .type == "participant.present" then {type: "presence", envelope: .body.proof}
            elif .type == "exception.recorded" then {type: "exception", envelope: .body.record}
            elif .type == "step.intent" and .body.command != null then {type: "command", envelope: .body.command}
            else empty end
          | . + {id: "l\($i)", where: "transcript.jsonl line \($i)"} ),
        ( range(0; $A | length) as $i | {id: "a\($i)", where: "an approval", type: "approval", envelope: $A[$i]} ),
        ( $C[] | {id: "c\(.number)", where: .name, type: "checkpoint", envelope} )
        | . as $one | .envelope
        | if type != "object" or keys != ["payload", "payloadType", "signatures"]
            or .payloadType != "application/vnd.keyrite.\($one.type)"
            or (.payload | base64 | not) or (.payload | @base64d | @base64) != .payload
            or ($one.type != "checkpoint" and (.payload | @base64d | contains("\n")))
            or (.signatures | type) != "array" or any(.signatures[]; keys != ["keyid", "sig"] or (.sig | base64 | not))
          then finding($one.where; "is not an envelope of a \($one.type)")
          elif (.signatures | map(.keyid)) as $ids | ($ids | unique) != $ids or any($ids[]; . as $id | $keys | has($id) | not)
          then finding($one.where; "its signatures are not sorted, one stands twice, or one is of nobody on the roster")
          else
            (if $one.type == "checkpoint" then empty
             else (.payload | @base64d) as $text | "P \($one.id) \($text)",
               "M \($one.id) DSSEv1 \(.payloadType | utf8bytelength) \(.payloadType) \($text | utf8bytelength) \($text)" end),
            ( .signatures[] | $keys[.keyid].algorithm as $algorithm | (.sig | bytes) as $b
              | if ($algorithm | startswith("ecdsa")) and ($b | strict_der | not)
                then finding($one.where; "the signature of \(.keyid) is not strict DER")
                else "S \($one.id) \(.keyid) \($algorithm) \($b | map(octal) | join(""))" end )
          end )
  end' >"$tmp/jobs" 2>/dev/null || refuse 'transcript.jsonl or an approval: is not JSON of the right shape'

: >"$tmp/payloads"
: >"$tmp/verify"
count=0
while read -r kind name rest; do
  case $kind in
    F) refuse "$name $rest" ;;
    K)
      {
        printf '%s\n' '-----BEGIN PUBLIC KEY-----'
        # shellcheck disable=SC2086 # the lines of the key are words
        printf '%s\n' $rest
        printf '%s\n' '-----END PUBLIC KEY-----'
      } >"$tmp/keys/$name.pem"
      ;;
    P)
      printf '%s\n' "$rest" >>"$tmp/payloads"
      printf '%s' "$rest" >"$tmp/payload/$name"
      ;;
    M) printf '%s' "$rest" >"$tmp/message/$name" ;;
    S)
      count=$((count + 1))
      printf '%s %s %s\n' "$count" "$name" "${rest% *}" >>"$tmp/verify"
      printf '%b' "${rest##* }" >"$tmp/signature/$count"
      ;;
  esac
done <"$tmp/jobs"

# --- Canonical form of everything that is JSON --------------------------------------------------------------------------

{ cat "$tmp/transcript" plan.json && echo && cat binding.json && echo && cat "$tmp/approvals" "$tmp/payloads"; } >"$tmp/json"
jq -cS '
def fine($depth): $depth <= 32 and (
  if type == "object" then all(keys_unsorted[]; test("^[ -~]*\\z")) and all(.[]; fine($depth + 1))
  elif type == "array" then all(.[]; fine($depth + 1))
  elif type == "number" then (tostring | test("^(0|-?[1-9][0-9]*)\\z")) and . <= 9007199254740991 and . >= -9007199254740991
  elif type == "string" then (explode | index(127)) == null
  else true end);
if fine(0) then . else error("not canonical") end' <"$tmp/json" >"$tmp/canonical" 2>/dev/null ||
  refuse 'transcript.jsonl, plan.json, binding.json, an approval or a signed payload: is not JSON within the limits'
cmp -s "$tmp/json" "$tmp/canonical" ||
  refuse 'transcript.jsonl, plan.json, binding.json, an approval or a signed payload: is not in canonical form'

# --- Keys: every file equals the roster ----------------------------------------------------------------------------------

(cd "$tmp" && find keys -type f | sort | xargs sha256sum) >"$tmp/expected-keys"
grep '^[0-9a-f]*  keys/' "$tmp/sums" | cmp -s - "$tmp/expected-keys" || refuse 'keys: do not equal the roster'
for name in "$tmp"/keys/*.pem; do
  id=${name##*/}
  printf '%s  %s\n' "$(sed '1d;$d' "$name" | base64 -d | sha256sum | cut -c1-64)" "${id%.pem}"
done >"$tmp/key-hashes"

# Key packages, as text: at most 64 KiB each.
: >"$tmp/packages"
[ ! -d packages ] || find packages -type f ! -size +128 -exec jq -Rc '{name: input_filename, text: .}' {} + >"$tmp/packages"

# --- The record: chain, frame, roster, files, steps, people, commands, checkpoints ------------------------------------------

(cd "$tmp/payload" && find . -type f | sed 's/^..//' | xargs sha256sum) >"$tmp/payload-hashes"
jq -rn --slurpfile T "$tmp/transcript" --slurpfile PLAN plan.json --slurpfile BINDING binding.json \
  --slurpfile A "$tmp/approvals" --slurpfile C "$tmp/checkpoints" \
  --rawfile HASHES "$tmp/line-hashes" --rawfile SUMS "$tmp/all-sums" --rawfile PAYLOADS "$tmp/payload-hashes" \
  --rawfile NAMES "$tmp/approval-names" --rawfile KEYS "$tmp/key-hashes" --slurpfile K "$tmp/packages" '
def rows: split("\n") | map(select(. != ""));
def table: rows | map({key: .[66:], value: .[0:64]}) | from_entries;
($HASHES | rows) as $H | ($SUMS | table) as $F | ($PAYLOADS | table) as $PH | ($KEYS | table) as $PINS
| $PLAN[0] as $P | $BINDING[0] as $B | $T[0].body as $O | ($T | length) as $N
| ("0" * 64) as $zeros
| ($T[$N - 1].type == "ceremony.closed") as $closed
| ($F | has("SHA256SUMS")) as $summed
| ($O.roster | map(.id)) as $people
| ($P.steps | map(.id)) as $steps

| def wrong($where; $text): "F \($where): \($text)";
  def lacks($where; $text): "L \($where): \($text)";
  def at($i; $text): wrong("transcript.jsonl line \($i)"; $text);
  def hex($n): type == "string" and test("^[0-9a-f]{\($n)}\\z");
  def id: type == "string" and test("^[a-z0-9][a-z0-9-]{0,62}\\z");
  def payload: .payload | @base64d | fromjson;
  def signers: .signatures | map(.keyid);
  def roles($id): $O.roster[] | select(.id == $id) | .roles[];
  # How many of the people $signers have the role.
  def with_role($role; $signers): [$O.roster[] | select((.roles | index($role)) and (.id as $id | $signers | index($id)))] | length;
  def shortfall($quorum; $signers): first($quorum[] | select(with_role(.role; $signers) < .count)) // null;
  def sorted: if type == "object" then . as $o | reduce keys[] as $k ({}; .[$k] = ($o[$k] | sorted))
    elif type == "array" then map(sorted) else . end;

  # Frame of each line, and the members of its body.
  def bodies: {
    "ceremony.opened": [["app", "binding", "ceremony", "files", "format", "keysFrom", "mode", "plan", "quorum", "roster", "title"], []],
    "ceremony.paused": [["reason", "seals"], []],
    "ceremony.resumed": [["note", "reason", "torn"], []],
    "ceremony.closed": [["exceptions", "outcome", "signOff", "withheld"], []],
    "participant.present": [["participant", "proof"], []],
    "participant.enrolled": [["identification", "participant", "vouchers"], []],
    "participant.left": [["participant", "reason"], []],
    "participant.replaced": [["by", "participant", "reason"], []],
    "step.started": [["action", "attempt"], []],
    "step.intent": [["act", "attempt", "command", "expected", "operation", "parameters", "unit"], ["files"]],
    "step.outcome": [["act", "attempt", "result"], ["files"]],
    "step.reconciled": [["act", "attempt", "observed", "verdict"], ["files"]],
    "step.confirmed": [["attempt", "statement"], ["answer"]],
    "step.failed": [["act", "attempt", "changed", "error", "next"], []],
    "fact.recorded": [["fact", "value"], ["files"]],
    "exception.recorded": [["kind", "record"], []],
    "checkpoint.made": [["files", "number", "root", "size"], []],
    "checkpoint.signed": [["files", "number", "participant"], []]
  };
  def frames: bodies as $bodies | range(0; $N) as $i | $T[$i]
    | if type != "object" or keys != ["at", "body", "by", "prev", "salt", "seq", "step", "type"] then at($i; "does not have the members of a line")
      elif .seq != $i then at($i; "seq is not \($i)")
      elif .prev != (if $i == 0 then $zeros else $H[$i - 1] end) then at($i; "prev is not the SHA-256 of the line before: the chain is broken")
      elif .salt | hex(32) | not then at($i; "salt is not 32 hex digits")
      elif (.at | type != "string" or (test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z\\z") | not)) then at($i; "at is not a time")
      elif $i > 0 and .at < $T[$i - 1].at and ((.type == "exception.recorded" and .body.kind == "clock") | not) then at($i; "is earlier than the line before")
      elif $bodies[.type | tostring] == null then at($i; "is of an unknown type")
      elif .step != null and (.step as $s | $steps | index([$s]) == null) then at($i; "names a step that the plan lacks")
      elif .by | type != "array" or any(.[]; . as $id | $people | index([$id]) == null) then at($i; "names somebody who is not on the roster")
      elif .body | type != "object" then at($i; "has no body")
      elif .type as $type | (.body | keys) as $got | $bodies[$type] as $want | ($want[0] - $got) + ($got - $want[0] - $want[1]) | length > 0
        then at($i; "its body does not have the members of \(.type)")
      elif .body.files != null and (.body.files | type != "array" or any(.[]; type != "object" or keys != ["name", "sha256"] or (.sha256 | hex(64) | not)))
        then at($i; "its files are not named rightly")
      elif .body | has("attempt") and (.attempt | type != "number" or . < 1) then at($i; "its attempt is not a number from 1")
      elif .type == "ceremony.opened" and $i > 0 then at($i; "opens the ceremony again")
      elif .type == "ceremony.closed" and $i < $N - 1 then at($i; "closes the ceremony, but lines follow")
      elif .type == "participant.enrolled" then at($i; "somebody was enrolled on the day; this version cannot check that")
      elif (.type | startswith("participant.") or . == "checkpoint.signed") and (.body.participant as $p | $people | index([$p]) == null)
        then at($i; "is about somebody who is not on the roster")
      elif .type == "participant.replaced" and (.body.by as $p | $people | index([$p]) == null) then at($i; "is about somebody who is not on the roster")
      elif .type == "step.reconciled" and (.body.verdict | IN("applied", "not-applied", "undetermined") | not) then at($i; "has an unknown verdict")
      elif .type == "exception.recorded" and (.body.kind | IN("step-skipped", "step-deviated", "readback-skipped", "preflight", "clock", "people", "materials", "other") | not)
        then at($i; "has an unknown kind")
      else empty end;

  # Line 0 against plan, binding and files.
  def opening:
    ($P.positions | map({key: .id, value: .role}) | from_entries) as $positions
    | [$B.people[] | {id, name, roles: [$positions[.position]], key}] as $roster
    | if $O.format != "keyrite-bundle/1" then at(0; "is of another format")
      elif $O.mode | IN("rehearsal", "production") | not then at(0; "has an unknown mode")
      elif $O.plan.sha256 != $F["plan.json"] then wrong("plan.json"; "is not the one that line 0 names by hash")
      elif $O.binding.sha256 != $F["binding.json"] then wrong("binding.json"; "is not the one that line 0 names by hash")
      elif ["plan.yaml", "binding.yaml"] - ($O.files | map(.name)) != [] then at(0; "does not name plan.yaml and binding.yaml")
      elif $B.ceremony != $O.ceremony or $B.mode != $O.mode or $B.plan != $O.plan.sha256 then wrong("binding.json"; "is of another ceremony, mode or plan")
      elif $P.id != $O.plan.id or $P.title != $O.title then at(0; "plan id or title are not those of the plan")
      elif $roster != $O.roster then at(0; "the roster is not the one that plan and binding make")
      elif $P.signOff.quorum != $O.quorum then at(0; "the quorum is not that of the plan")
      elif $O.keysFrom != (if $O.mode == "production" then "plan" else "binding" end) then at(0; "keysFrom does not fit the mode")
      elif ($people | unique | length) != ($people | length) then at(0; "somebody stands on the roster twice")
      elif ($O.roster | map(.key.spki) | unique | length) != ($people | length) then at(0; "two people have one key")
      elif any($O.roster[]; (.roles | unique) as $r | [$O.quorum[].role] | unique | map(select(. as $q | $r | index([$q]))) | length > 1)
        then at(0; "somebody holds two roles that the quorum names")
      elif $O.mode == "production" and any($B.people[]; . as $one
          | ([$P.positions[] | select(.id == $one.position)][0].pinnedKeys // []) as $pinned
          | ($pinned | length) > 0 and ($pinned | index([$PINS[$one.id]]) == null))
        then at(0; "the plan does not pin the key of somebody in a position with pinned keys")
      elif ($NAMES | rows) - ($O.files | map(.name)) != [] then at(0; "does not name every approval")
      else empty end;
  def approvals:
    ($NAMES | rows) as $names
    | [range(0; $A | length) as $i | $A[$i] | payload as $p | {i: $i, holds: (
        ($p | keys) == ["approver", "binding", "ceremony", "format", "mode", "plan"]
        and $p.format == "keyrite-approval/1" and $names[$i] == "approvals/\($p.approver).dsse.json"
        and signers == [$p.approver] and $p.mode == $O.mode and $p.ceremony == $O.ceremony
        and $p.plan == $O.plan.sha256 and $p.binding == $O.binding.sha256
        and any($B.people[]; .id == $p.approver and .position == $P.approval.position)), approver: $p.approver}]
    | (.[] | select(.holds | not) | wrong($names[.i]; "is not the approval of this person for this plan and binding in this ceremony")),
      (if length < $P.approval.count then wrong("approvals"; "\($P.approval.count) are needed, \(length) are there") else empty end);

  # Every file is named by hash, or follows from a rule.
  def files:
    [$T[] | .seq as $i | (.body.files // [])[] | {i: $i, name, sha256}] as $named
    | ( $named[] | if $F[.name] == null then at(.i; "names \(.name), which is not there")
        elif $F[.name] != .sha256 then at(.i; "names \(.name) with another hash") else empty end ),
      ( $F | keys[] | select(startswith("addenda/")) | wrong(.; "this version cannot check addenda") ),
      ( $F | keys[] | select(test("^(addenda|approvals|keys|checkpoints|packages|attachments)/") | not)
        | select(IN("transcript.jsonl", "plan.json", "plan.yaml", "binding.json", "binding.yaml", "report.html", "report.pdf",
            "verify.sh", "README.txt", "SHA256SUMS") | not)
        | wrong(.; "has no place in a bundle") ),
      ( ($F | keys) - ($named | map(.name))
        - ["transcript.jsonl", "plan.json", "binding.json", "report.html", "report.pdf", "verify.sh", "README.txt", "SHA256SUMS"]
        | .[] | select(startswith("checkpoints/") or startswith("keys/") | not)
        | wrong(.; "no line of the transcript names it") );

  # Presence and exceptions.
  def presence:
    [range(0; $N) as $i | $T[$i] | select(.type == "participant.present")
      | . as $line | (.body.proof | payload) as $p
      | {i: $i, nonce: $p.nonce, holds: (
          ($p | keys) == ["ceremony", "format", "head", "line0", "mode", "nonce", "participant"]
          and $p.format == "keyrite-presence/1" and $p.mode == $O.mode and $p.ceremony == $O.ceremony
          and $p.participant == $line.body.participant and ($line.body.proof | signers) == [$p.participant]
          and $line.by == [$p.participant]
          and $p.line0 == $H[0] and $p.head == $line.prev and ($p.nonce | hex(64)))}]
    | (.[] | select(.holds | not) | at(.i; "the proof of presence is of another moment, ceremony or person")),
      (if (map(.nonce) | unique | length) != length then wrong("transcript.jsonl"; "two proofs of presence have one nonce") else empty end);
  def exceptions: range(0; $N) as $i | $T[$i] | select(.type == "exception.recorded")
    | . as $line | (.body.record | payload) as $p | (.body.record | signers) as $signers
    | if ($p | keys) != ["ceremony", "decided", "expected", "format", "happened", "kind", "mode", "step"]
        or $p.format != "keyrite-exception/1" or $p.mode != $O.mode or $p.ceremony != $O.ceremony
        or $p.kind != $line.body.kind or $p.step != $line.step
      then at($i; "the exception is of another ceremony, step or kind")
      elif any($signers[]; . as $a | [roles($a)] | index(["crypto-administrator"])
        and any($signers[]; . != $a and ([roles(.)] | any(. == "witness" or . == "auditor")))) | not
      then at($i; "the exception is not signed by an operator and by a witness or auditor")
      else empty end;

  # Somebody who left does nothing and signs nothing until a new proof of presence.
  def departures:
    reduce range(0; $N) as $i ({away: [], out: []}; $T[$i] as $l
      | if $l.type | IN("participant.left", "participant.replaced") then .away += [$l.body.participant]
        else
          (if $l.type == "participant.present" then .away -= [$l.body.participant] else . end)
          | .away as $away
          | ([$l.by[], (if $l.type == "exception.recorded" then $l.body.record | signers[]
              elif $l.type == "step.intent" and $l.body.command != null then $l.body.command | signers[]
              elif $l.type == "checkpoint.signed" then $l.body.participant else empty end)]
            | map(select(. as $id | $away | index([$id])))) as $gone
          | if ($gone | length) > 0 then .out += [at($i; "\($gone[0]) had left")] else . end
        end)
    | .out[],
      ( .away as $away | if $closed and ($C | length) > 0 and $C[-1].size == $N
          and any($C[-1].envelope | signers[]; . as $id | $away | index([$id]))
        then wrong($C[-1].name; "somebody who had left signed it") else empty end );

  # Checkpoints: sizes grow, each but the last is announced by the line of its size, quorums are met.
  def checkpoints:
    ( range(0; $C | length) as $k | $C[$k] | . as $c
      | (if .size < $N and $T[.size].type == "checkpoint.made" then $T[.size] else null end) as $line
      | ($k == ($C | length) - 1 and (($closed | not) or ($summed | not))) as $under_way
      | if .origin != "keyrite/\($O.mode)/\($O.ceremony)" then wrong(.name; "is of another ceremony or mode")
        elif $k > 0 and .size <= $C[$k - 1].size then wrong(.name; "covers no more lines than the one before")
        elif $line == null and .size < $N then wrong(.name; "line \(.size) does not announce it")
        elif $line != null and ($line.body.number != .number or $line.body.size != .size or $line.body.root != .root
            or ($line.body.files | map(.name) | index([$c.name]) == null))
          then at(.size; "does not announce checkpoint \(.number) as it is")
        elif (.stored | not) and ($under_way | not) then wrong(.name; "its dsse.json is not there")
        else
          (if .stored then empty else lacks(.name; "its dsse.json is not there yet") end),
          (if $line == null and ($closed | not) then lacks(.name; "is not announced yet") else empty end),
          ( [$T[] | select(.type == "checkpoint.signed" and .body.number == $c.number)] as $told
            | (.envelope | signers) as $signers
            | if $line == null then (if ($told | length) > 0 then wrong(.name; "a line tells of a signature on it, and none announces it") else empty end)
              elif any($told[]; . as $l | .seq < $c.size or ($signers | index([$l.body.participant]) == null)
                  or ($l.body.files | map(.name) | index(["checkpoints/\("000\($c.number)"[-4:]).\($l.body.participant).sig"]) == null))
                or ($told | map(.body.participant) | unique | length) != ($told | length)
              then wrong(.name; "the lines that tell of its signatures are not right")
              elif ($signers - ($told | map(.body.participant))) != []
              then (if $under_way and ($closed | not) then lacks(.name; "no line tells of a signature yet") else wrong(.name; "no line tells of a signature") end)
              else empty end )
        end ),
    ( range(0; $N) as $i | $T[$i] | select(.type == "checkpoint.made")
      | . as $l | if any($C[]; .number == $l.body.number and .size == $i) then empty else at($i; "announces a checkpoint that is not there") end ),
    ( range(0; $N) as $i | $T[$i] | select(.type == "checkpoint.signed")
      | . as $l | if any($C[]; .number == $l.body.number) then empty else at($i; "tells of a signature on a checkpoint that is not there") end ),
    ( if $closed | not then empty
      elif ($C | length) == 0 or $C[-1].size != $N then lacks("checkpoints"; "no checkpoint covers every line")
      else shortfall($O.quorum; $C[-1].envelope | signers) as $short
        | if $short == null then empty
          elif $summed then wrong($C[-1].name; "\($short.count) x \($short.role) must sign the last checkpoint")
          else lacks($C[-1].name; "\($short.count) x \($short.role) must sign the last checkpoint") end
      end );

  # Modules on record are those that the binding names by hash.
  def modules: range(0; $N) as $i | $T[$i] | select(.type == "fact.recorded" and .body.fact == "module") | .body.value as $m
    | if ($m | type) == "object" and any($B.modules[]; .id == $m.module and .sha256 == $m.sha256) then empty
      else at($i; "the module is not one that the binding names by hash") end;

  # What the record of a completed step holds by its action; a fault is a text.
  def trimmed: gsub("\\A[ \n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+|[ \n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+\\z"; "");
  def is_set: type == "object" and (.set | type) == "string" and (.pattern | type) == "string" and (.shares | type) == "array"
    and all(.shares[]; type == "object" and (.index | type) == "number" and (.commitment | type) == "string");
  def member($name): if type == "object" then .[$name] else null end;
  def undone($unit; $name; $signed): .acts["\($unit)/\($name)"] as $done
    | if $done != null and $T[$done.intent].body.unit == $unit and ($signed == false or $T[$done.intent].body.command != null)
      then empty else "\($unit)/\($name) was not done" end;
  def is_register: type == "object" and (.status | type) == "string" and (.pattern | type | IN("string", "null"));
  def is_reading: type == "object" and (.identity | type) == "object" and (.challenge | type) == "object"
    and (.identity.id | hex(64)) and (.identity.spki | type) == "string" and (.identity.algorithm | type) == "string"
    and (.challenge.nonce | hex(64)) and (.challenge.signature | type) == "string"
    and (.registers | type) == "object" and (.registers.new | is_register) and (.registers.current | is_register)
    and (.state == null or ((.state | type) == "object" and (.state.administrators | type) == "array"));
  def reading($kind; $unit; $register): [.facts[] | $T[.].body | select(.fact == $kind) | .value | select(is_reading
      and .unit == $unit and ($register == null or .register == $register))][-1];
  def compared($kind; $step; $register; show): . as $s
    | [$step.units[] | . as $unit | {unit: $unit, read: ($s | reading($kind; $unit; $register))}] as $all
    | if any($all[]; .read == null) then "no reading of \(first($all[] | select(.read == null)).unit)"
      elif ([$all[].read | show] | if $register == null then map(select(. != null)) else . end | unique) as $shown
        | $shown | length > 1 or ($register != null and (.[0] == null or (.[0] | hex(64) | not) or .[0] == $zeros
            or .[0] != ($s.set.pattern // .[0]))) then "the units do not show the same" else empty end;
  def distributed: . as $s
    | [$B.people[] | select(.position == $P.masterKey.custodians) | .id] as $custodians
    | if $s.set == null then "no set of shares is on record"
      else
        [.acts[].result | select(type == "object" and .set == $s.set.set and .readBack == true)] as $read
        | (reduce $read[] as $one ({}; .["\($one.index)"] = $one.custodian)) as $holders
        | if any($s.set.shares[]; $holders["\(.index)"] as $id | $custodians | index([$id]) == null)
            then "a share was not read back by a custodian"
          elif ([$holders[]] | unique | length) != ($holders | length) then "somebody read back two shares"
          else empty end
      end;
  def packaged($step): .acts.make as $made | .acts.write as $written | "packages/\($step.key.name).keypackage.json" as $name
    | [$K[] | select(.name == $name)] as $rows
    | if $made == null or $written == null or $T[$made.intent].body.unit != $step.unit then "no key package was made and written"
      elif ($written.result | member("name")) != $name or ($written.result | member("sha256")) != $F[$name]
          or ($rows | length) != 1 then "\($name) is not what was written"
      elif ($rows[0].text | fromjson? // null) as $k | $made.result as $r
        | ($k | type) != "object" or ($r | type) != "object" or $k.ceremony != $O.ceremony or $k.line != $made.seq
          or $k.checkValue == null or $k.checkValue != $r.checkValue or ($k.fields | member("payload")) != $r.wrapped
        then "\($name) is of another ceremony, line or key than the record tells"
      else empty end;
  def work_faults($step): . as $s | $step.action as $action
    | if $action == "unit.initialise" then $step.units[] as $u | ("token", "user-pin", "identity") as $a | $s | undone($u; $a; false)
      elif $action == "unit.imprint" then $step.units[] as $u | undone($u; "thresholds"; true)
      elif $action == "master-key.load" then $step.units[] as $u | range(0; $P.masterKey.shares // 0) as $n | $s | undone($u; "load-\($n + 1)"; true)
      elif $action == "master-key.commit" then $step.units[] as $u | undone($u; "commit"; true)
      elif $action == "master-key.activate" then $step.units[] as $u | undone($u; "activate"; true)
      elif $action == "master-key.generate" then (.acts.set.result | member("shareSet")) as $set
        | if ($set | is_set) and ($set.shares | length) == $P.masterKey.shares then empty else "no set of shares was made" end
      elif $action == "shares.distribute" then distributed
      elif $action == "master-key.verify" then compared("register"; $step; $step.register; .registers[$step.register].pattern)
      elif $action == "unit.compare" then
        compared("unit.compared"; $step; null; .registers | map_values({status, pattern})),
        compared("unit.compared"; $step; null; .state | if . == null then null
          else {mode, signatureThreshold, revocationThreshold, administrators: (.administrators | map({id, algorithm, spki}))} end)
      elif $action == "unit.inventory" then $step.units[] as $u | if reading("inventory"; $u; null) == null then "no inventory of \($u)" else empty end
      elif $action == "key.package" then packaged($step)
      elif $action == "fact" then if any(.facts[]; $T[.].body | .fact == "answer" and (.value | member("asked")) == $step.ask) then empty
        else "no answer is on record" end
      else empty end;

  # Steps: in order, every act answered, each completed or skipped by an exception.
  def walk_steps:
    def wrong_at($i; $text): .out += [at($i; $text)];
    def enter($i; $place):
      (if $place < .current then wrong_at($i; "a later step has begun already") else . end)
      | (if any(.steps[0:$place][]; (.complete or .skipped) | not) then wrong_at($i; "an earlier step has no outcome and no exception") else . end)
      | .current = ([.current, $place] | max);
    reduce range(0; $N) as $i
      ({current: -1, out: [], set: null, steps: ($steps | map({attempt: 0, complete: false, skipped: false, relaxed: false, open: {},
        acts: {}, facts: [], set: null, confirmed: [], present: []}))};
      $T[$i] as $l
      | (if $l.type | IN("participant.left", "participant.replaced") then
          .steps |= map(if .complete then . else .present -= [$l.body.participant] end) else . end)
      | if $l.step == null then
          (if ($l.type | startswith("step.")) or $l.type == "exception.recorded" then wrong_at($i; "names no step") else . end)
        else ($steps | index([$l.step])) as $place | $P.steps[$place] as $step
          | if $l.type == "exception.recorded" then
              (if $l.body.kind | IN("people", "step-deviated") then .steps[$place].relaxed = true
               elif $l.body.kind == "step-skipped" then
                 (if $step.action | IN("preflight", "unit.inventory", "fact", "statement") then . else wrong_at($i; "\($step.action) is never waived") end)
                 | enter($i; $place) | .steps[$place].skipped = true
               else . end)
            elif $l.type == "step.started" then
              enter($i; $place)
              | (if .steps[$place].complete then wrong_at($i; "the step was complete already") else . end)
              | (if $l.body.action != $step.action then wrong_at($i; "the plan says \($step.action)") else . end)
              | (if $l.body.attempt != .steps[$place].attempt + 1 then wrong_at($i; "its attempt does not follow the one before") else . end)
              | .steps[$place].attempt = $l.body.attempt | .steps[$place].facts = []
            else
              (if $place != .current or .steps[$place].attempt == 0 or .steps[$place].complete then wrong_at($i; "its step is not under way") else . end)
              | (if ($l.body | has("attempt")) and $l.body.attempt != .steps[$place].attempt then wrong_at($i; "is of another attempt") else . end)
              | if $l.type == "participant.present" then .steps[$place].present += [$l.body.participant]
                elif $l.type == "fact.recorded" then
                  .steps[$place].facts += [$i] | if $l.body.fact == "share-set.voided" then .set = null else . end
                elif $l.type == "step.confirmed" then
                  if $step.action == "statement" and $l.body.statement != ($step.text | trimmed)
                  then wrong_at($i; "the statement is not that of the plan") else .steps[$place].confirmed += $l.by end
                elif $l.type == "step.intent" then
                  (if .steps[$place].open | has($l.body.act) then wrong_at($i; "the act was not answered before") else . end)
                  | .steps[$place].open[$l.body.act] = $i | .steps[$place].acts |= del(.[$l.body.act])
                elif $l.type == "step.outcome" and $l.body.act == null then .set as $set | .steps[$place] |= (.complete = true | .set = $set)
                elif $l.type == "step.outcome" or $l.type == "step.reconciled" then
                  (if .steps[$place].open | has($l.body.act) then
                     .steps[$place].open[$l.body.act] as $intent
                     | (if $l.type == "step.outcome" then [$l.body.result] elif $l.body.verdict == "applied" then [$l.body.observed] else [] end) as $done
                     | .steps[$place].open |= del(.[$l.body.act])
                     | if $done == [] then . else
                         .steps[$place].acts[$l.body.act] = {seq: $i, intent: $intent, result: $done[0]}
                         | ($done[0] | member("shareSet")) as $set | if $set | is_set then .set = $set else . end end
                   else wrong_at($i; "answers an act that was not announced") end)
                else . end
            end
        end)
    | .out[],
      ( range(0; $steps | length) as $k | .steps[$k] | . as $s | $P.steps[$k] as $step
        | ( .open | to_entries[] | if $closed then at(.value; "its act has no outcome and no reconciliation")
            else lacks("transcript.jsonl line \(.value)"; "its act has no outcome and no reconciliation") end ),
          ( if .complete and (.skipped or .relaxed | not) then
              ( if $step.action == "roll-call" then {positions: $step.positions, people: .present}
                elif $step.action == "statement" then {positions: $step.by, people: .confirmed} else empty end
                | .people as $who | .positions[] as $position
                | ([$P.positions[] | select(.id == $position)][0].count // 0) as $needed
                | ([$B.people[] | select(.position == $position and (.id as $id | $who | index([$id]))) ] | length) as $got
                | if $got < $needed then wrong("step \($step.id)"; "\($needed) of \($position) are needed, \($got) were there") else empty end ),
              ( if $step.action == "checkpoint" and (any($C[]; .size < $N and $T[.size].step == $step.id
                    and shortfall($step.signers; .envelope | signers) == null) | not)
                then wrong("step \($step.id)"; "no checkpoint of it has the signatures it asks for") else empty end )
            else empty end ),
          ( if .complete then work_faults($step) | wrong("step \($step.id)"; .) else empty end ),
          ( if .complete or .skipped or ($closed | not) then empty
            elif $T[$N - 1].body.outcome == "abandoned" then lacks("step \($step.id)"; "has no outcome and no exception")
            else wrong("step \($step.id)"; "has no outcome and no exception") end ) );

  def closing:
    if $closed | not then lacks("transcript.jsonl"; "the ceremony is not closed")
    elif $T[$N - 1].body.exceptions != ([$T[] | select(.type == "exception.recorded")] | length) or $T[$N - 1].body.withheld != 0
      then at($N - 1; "counts exceptions or withheld facts wrongly")
    elif $T[$N - 1].body.signOff != $P.signOff.wording then at($N - 1; "the wording is not that of the plan")
    elif $T[$N - 1].body.outcome == "abandoned" then lacks("transcript.jsonl line \($N - 1)"; "the ceremony was abandoned")
    elif $T[$N - 1].body.outcome != "completed" then at($N - 1; "has an unknown outcome")
    else empty end;

  # Signed commands, carried out on a model of each unit. States whose hash a command names go out as Q lines.
  def imprinted($unit; $serial): {format: "keyrite-unit-state/1", unit: $unit, serial: $serial, mode: "imprint", administrators: [],
    signatureThreshold: 0, revocationThreshold: 0, counter: 0, loading: null, registers: {new: "empty", current: "empty"},
    previous: $zeros, command: $zeros};
  # Signatures were checked with the keys on the roster: one counts where the key in the state of the unit is that key.
  def votes($signers): [.administrators[] | select(. as $a | ($signers | index([$a.id]))
    and any($O.roster[]; .id == $a.id and .key.spki == $a.spki and .key.algorithm == $a.algorithm)) | .spki] | unique | length;
  # What a command changes in a state: an object, or the text of the rule that it breaks.
  def change($p; $signers): . as $s
    | if $p.command == "administrator.add" then $p.administrator as $new
        | if ($s.administrators | length) >= 8 then "the unit has 8 administrators already"
          elif any($s.administrators[]; .id == $new.id or .spki == $new.spki) then "the administrator is there already"
          elif $signers | index([$new.id]) == null then "the new administrator did not sign"
          elif $s.mode == "operational" and votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
          else {administrators: ($s.administrators + [$new])} end
      elif $p.command == "thresholds.set" then
        if [$p.signatureThreshold, $p.revocationThreshold] | max > ($s.administrators | length) then "a threshold is higher than the number of administrators"
        elif $p.administrators != $s.administrators then "the signed administrator list is not that of the unit"
        elif votes($signers) < ([$p.signatureThreshold, $s.signatureThreshold] | max) then "the new signature threshold is not met"
        else {mode: "operational", signatureThreshold: $p.signatureThreshold, revocationThreshold: $p.revocationThreshold} end
      elif $s.mode != "operational" then "the unit is in imprint mode"
      elif $p.command == "master-key.load" then ($s.loading.parts // []) as $parts
        | if with_role("custodian"; $signers) < 1 then "no custodian signed"
          elif $s.registers.new != "empty" then "the new register is full"
          elif $s.loading != null and ($s.loading.set != $p.set or $s.loading.of != $p.of) then "shares of another set are being loaded"
          elif $p.index > $p.of then "the share index is beyond the set"
          elif any($parts[]; .index == $p.index or .commitment == $p.commitment) then "the share is loaded already"
          elif ($parts | length) + 1 < $p.of then {loading: {set: $p.set, of: $p.of, parts: ($parts + [{index: $p.index, commitment: $p.commitment}])}}
          else {loading: null, registers: {new: "full-uncommitted", current: $s.registers.current}} end
      elif $p.command == "master-key.commit" then
        if votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
        elif $s.registers.new != "full-uncommitted" then "the new register holds nothing to commit"
        else {registers: {new: "full-committed", current: $s.registers.current}} end
      elif $p.command == "master-key.activate" then
        if votes($signers) < 1 then "no administrator signed"
        elif $s.registers.new != "full-committed" then "the new register is not committed"
        elif $s.registers.current != "empty" then "the current register is taken"
        else {registers: {new: "empty", current: "valid"}} end
      else "is no command" end;
  def allowed: {"unit.imprint": ["administrator.add", "thresholds.set"], "master-key.load": ["master-key.load"],
    "master-key.commit": ["master-key.commit"], "master-key.activate": ["master-key.activate"]};
  def reached($action): if $action == "unit.imprint" then .mode == "operational"
    elif $action == "master-key.load" then .registers.new == "full-uncommitted"
    elif $action == "master-key.commit" then .registers.new == "full-committed"
    else .registers.current == "valid" and .registers.new == "empty" end;
  def commands:
    def wrong_at($i; $text): .out += [at($i; $text)];
    def intend($i; $l; $step):
      ($l.body.command | payload) as $c | ($l.body.command | signers) as $signers | $PH["l\($i)"] as $hash
      | $l.body.unit as $unit | ([$B.units[] | select(.id == $unit)][0].lastKnown // null) as $known
      | if $c | keys != ["ceremony", "command", "counter", "format", "mode", "payload", "previous", "serial", "unit"] and
            keys != ["ceremony", "counter", "format", "mode", "payload", "previous", "serial", "unit"] then wrong_at($i; "is no signed command")
        elif $c.format != "keyrite-command/1" or $c.mode != $O.mode or $c.ceremony != $O.ceremony then wrong_at($i; "the command is of another ceremony or mode")
        elif any($P.units[]; .id == $unit) | not then wrong_at($i; "the plan has no such unit")
        elif (.ids[$unit] // $c.unit) != $c.unit then wrong_at($i; "the command is for a unit of another identity")
        elif allowed[$step.action] // [] | index([$c.payload.command]) == null then wrong_at($i; "the command has no place in this step")
        elif $c.payload.command == "administrator.add" and ($c.payload.administrator as $a
            | any($O.roster[]; .id == $a.id and .key.spki == $a.spki and .key.algorithm == $a.algorithm) | not)
          then wrong_at($i; "the administrator has another key on the roster")
        elif $c.payload.command == "thresholds.set" and ($step.signatureThreshold != $c.payload.signatureThreshold
            or $step.revocationThreshold != $c.payload.revocationThreshold
            or ($c.mode == "production" and ([$c.payload.signatureThreshold, $c.payload.revocationThreshold] | min) < 2))
          then wrong_at($i; "the thresholds are not those of the plan")
        elif $c.payload.command == "master-key.load" and (.shares as $shares
            | any($signers[]; ($shares["\($c.payload.set) \(.)"] // $c.payload.index) != $c.payload.index))
          then wrong_at($i; "somebody loads two different shares of one set")
        elif $c.payload.command == "master-key.load" and (.sets[$c.payload.set] as $set
            | $set == null or ($set.shares | length) != $c.payload.of
              or (any($set.shares[]; .index == $c.payload.index and .commitment == $c.payload.commitment) | not))
          then wrong_at($i; "the share is not one of a set on record")
        elif ($c.payload.command | IN("master-key.commit", "master-key.activate")) and .loaded[$unit] != null
            and .sets[.loaded[$unit]].pattern != $c.payload.pattern
          then wrong_at($i; "the command names another verification pattern than the set loaded")
        else
          .ids[$unit] = $c.unit
          | (if $c.payload.command == "master-key.load" then .loaded[$unit] = $c.payload.set else . end)
          | (if $c.payload.command == "master-key.load" then reduce $signers[] as $id (.; .shares["\($c.payload.set) \($id)"] = $c.payload.index) else . end)
          | (.units[$unit] // (if $known == null or $known.identity != $c.unit then [imprinted($c.unit; $c.serial)] else (.connected[$unit] // []) end)) as $before
          | [ $before[] | . as $s
              | if .command == $hash then {after: .}
                elif .unit != $c.unit or .serial != $c.serial then {no: "names another unit"}
                elif .counter + 1 != $c.counter then {no: "has counter \($c.counter), expected \(.counter + 1)"}
                else change($c.payload; $signers) | if type == "string" then {no: .}
                  else {after: ($s + . + {counter: $c.counter, previous: $c.previous, command: $hash}), acts_on: $s} end end ] as $tried
          | [$tried[] | .after // empty] as $after
          | (if ($after | length) == 0 then wrong_at($i; "the command: \([$tried[].no][0] // "no state is known that it acts on")") else . end)
          | .queue += [$tried[] | .acts_on // empty | {expected: $c.previous, state: .}]
          | .pending["\($l.step) \($l.body.act)"] = {unit: $unit, before: $before, after: $after}
        end;
    def settle($i; $l; $step; $verdict; $told):
      (if $verdict == "applied" and ($told | type == "object" and has("id") and has("spki") and has("state")) then
         ($l.body.act | split("/")[0]) as $unit
         | (if $step.action != "unit.initialise" then wrong_at($i; "an identity key was made outside unit.initialise") else . end)
         | .ids[$unit] = $told.id | .units |= del(.[$unit])
       else . end)
      | (if $verdict == "applied" and ($told | type == "object") and ($told.shareSet | type == "object")
         then .sets[$told.shareSet.set] = $told.shareSet else . end)
      | "\($l.step) \($l.body.act)" as $key | .pending[$key] as $p
      | if $p == null then . else
          .pending |= del(.[$key])
          | if $verdict == "not-applied" then .
            else (if $verdict == "applied" then $p.after else $p.before + $p.after end) as $states
              | (if ($told | type == "object") and ($told.state | type == "object") and (any($states[]; . == $told.state) | not)
                 then wrong_at($i; "\($p.unit) shows another state than its commands lead to") else . end)
              | .units[$p.unit] = $states end end;
    reduce range(0; $N) as $i ({ids: {}, units: {}, connected: {}, shares: {}, sets: {}, loaded: {}, pending: {}, queue: [], out: []};
      $T[$i] as $l | ([$P.steps[] | select(.id == $l.step)][0]) as $step
      | if $l.type == "fact.recorded" and $l.body.fact == "unit.connected" then $l.body.value as $u
          | ([$B.units[] | select(.id == $u.unit)][0].lastKnown // null) as $known
          | if $known == null or $known.identity != $u.identity then wrong_at($i; "it is not the unit that the binding names")
            else .ids[$u.unit] = $u.identity | .connected[$u.unit] = [$u.state] | .queue += [{expected: $known.stateSha256, state: $u.state}] end
        elif $l.type == "step.intent" then
          .pending |= del(.["\($l.step) \($l.body.act)"]) | if $l.body.command == null then . else intend($i; $l; $step) end
        elif $l.type == "step.outcome" and $l.body.act != null then settle($i; $l; $step; "applied"; $l.body.result)
        elif $l.type == "step.reconciled" then settle($i; $l; $step; $l.body.verdict; $l.body.observed)
        elif $l.type == "step.outcome" and (allowed | has($step.action // "")) then
          . as $r | reduce $step.units[] as $unit (.;
            if ($r.units[$unit] // []) as $s | ($s | length) > 0 and all($s[]; reached($step.action)) then .
            else wrong_at($i; "the step is called complete, but no commands led \($unit) there") end)
        else . end)
    | .out[], (.queue[] | "Q \(.expected) \(.state | sorted | tojson)");

  def summary:
    "I ceremony \($O.ceremony)", "I mode \($O.mode)", "I plan \($O.plan.sha256)", "I lines \($N)",
    "I exceptions \([$T[] | select(.type == "exception.recorded")] | length)", "I withheld 0",
    (if ($C | length) > 0 then "I root \($C[-1].root)", "I signers \($C[-1].envelope | signers | join(" "))" else empty end),
    (range(0; $A | length) as $i | ($A[$i] | signers[0]) as $id | "A \([$O.roster[] | select(.id == $id)][0].key.spki)");

[frames] as $frames
| if ($frames | length) > 0 then $frames[]
  else [opening] as $opening
    | if ($opening | length) > 0 then $opening[]
      else approvals, files, presence, departures, exceptions, checkpoints, modules, walk_steps, closing, commands, summary end end
' >"$tmp/record" 2>/dev/null || refuse 'transcript.jsonl, plan.json or binding.json: something in it is not of the right shape'

odd=$(sed -n 's/^F //p' "$tmp/record" | head -n 1 | tr -cd '[:print:]')
[ -z "$odd" ] || refuse "$odd"
sed -n 's/^L //p' "$tmp/record" >>"$tmp/missing"

: >"$tmp/expected-states"
place=1000000
while read -r kind expected state; do
  [ "$kind" = Q ] || continue
  printf '%s' "$state" >"$tmp/state/$place"
  printf '%s\n' "$expected" >>"$tmp/expected-states"
  place=$((place + 1))
done <"$tmp/record"
if [ -s "$tmp/expected-states" ]; then
  hash_each "$tmp/state" | cmp -s - "$tmp/expected-states" ||
    refuse 'transcript.jsonl: a signed command acts on another state than the commands before it lead to'
fi

# --- Signatures -----------------------------------------------------------------------------------------------------------

while read -r number message id algorithm; do
  key=$tmp/keys/$id.pem
  signature=$tmp/signature/$number
  message=$tmp/message/$message
  case $algorithm in
    ecdsa-p256-sha256) openssl dgst -sha256 -verify "$key" -signature "$signature" "$message" ;;
    ecdsa-p384-sha384) openssl dgst -sha384 -verify "$key" -signature "$signature" "$message" ;;
    ecdsa-p521-sha512) openssl dgst -sha512 -verify "$key" -signature "$signature" "$message" ;;
    rsa-pss-sha256)
      openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256 \
        -verify "$key" -signature "$signature" "$message"
      ;;
    ed25519) openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$message" -sigfile "$signature" ;;
    *) false ;;
  esac >/dev/null 2>&1 || {
    case ${message##*/} in
      l*) refuse "transcript.jsonl line ${message##*/l}: the signature of $id does not hold" ;;
      a*) refuse "approvals: the signature of $id does not hold" ;;
      *) refuse "checkpoint ${message##*/c}: the signature of $id does not hold" ;;
    esac
  }
done <"$tmp/verify"

# --- What was given from outside ----------------------------------------------------------------------------------------------

stated=$(sed -n 's/^I plan //p' "$tmp/record")
if [ -n "$plan_hash" ] && [ "$plan_hash" != "$stated" ]; then
  refuse "the plan hash given is not that of the bundle, $stated"
fi
for key in $approvers; do
  grep -qxF "A $key" "$tmp/record" || refuse "a key given as an approver's did not approve this plan and binding"
done

# --- The verdict ------------------------------------------------------------------------------------------------------------------

sed -n 's/^I \([a-z]*\) /\1: /p' "$tmp/record"
if [ -s "$tmp/missing" ]; then
  sed 's/^/missing: /' "$tmp/missing"
  printf 'verdict: incomplete\n'
  exit 1
fi
if [ "$given" = yes ]; then
  if [ -z "$approvers" ]; then
    echo 'note: a plan hash says that what was done is what was approved; it authenticates only people whose keys the plan pins.'
    echo 'note: to know who approved, give the key of an approver with --approver.'
  fi
  printf 'verdict: verified\n'
else
  printf 'verdict: consistent (by the word of the bundle alone: nothing was given from outside)\n'
fi
