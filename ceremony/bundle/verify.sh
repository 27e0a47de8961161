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
usage: sh verify.sh [--plan-hash HASH] [--approver KEY.pem]... [--tsa-ca CA.pem] [BUNDLE]

BUNDLE is the folder of the bundle; without it, the folder this script lies in.
--plan-hash  the plan hash (64 hex digits) as you know it from elsewhere
--approver   the public key of somebody who approved the plan, as you know it from elsewhere; may be given several
             times, and all of them must match
--tsa-ca     certificates of the time-stamping authorities' issuers, as you know them from elsewhere: each timestamp in
             the bundle must hold under them, and there must be one

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
tsa_ca=
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
    --tsa-ca)
      [ $# -ge 2 ] || cannot_start '--tsa-ca needs a file of certificates'
      [ -z "$tsa_ca" ] || cannot_start '--tsa-ca is given twice'
      openssl x509 -in "$2" -noout 2>/dev/null || cannot_start "$2 holds no certificate in PEM form"
      tsa_ca=$(cd -- "$(dirname -- "$2")" && pwd)/$(basename -- "$2")
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
for tool in find sed grep xargs cmp jq openssl base64 sha256sum sort split paste cut tr fold head tail wc mktemp; do
  command -v "$tool" >/dev/null || cannot_start "$tool is not installed"
done
cd -- "$bundle" 2>/dev/null || cannot_start "$bundle is not a folder that can be read"

tmp=$(mktemp -d) || cannot_start 'no temporary folder can be made'
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
mkdir "$tmp/line" "$tmp/leaf" "$tmp/payload" "$tmp/message" "$tmp/signature" "$tmp/state" "$tmp/keys" "$tmp/tree" "$tmp/reading"
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
# Sums that a crash left before they got their name.
unfinished=
[ -e SHA256SUMS ] || [ ! -f .SHA256SUMS.part ] || unfinished=./.SHA256SUMS.part
[ -z "$unfinished" ] || missing '.SHA256SUMS.part: the sums were not finished'
odd=$(find . ! -name . ! -path "$unfinished" \( -name '*[!A-Za-z0-9._-]*' -o -name '[!A-Za-z0-9]*' \) | head -n 1 | tr -cd '[:print:]')
[ -z "$odd" ] || refuse "$odd: no file of a bundle has such a name"
find . ! -name . -type d -empty >"$tmp/empty"
while IFS= read -r odd; do
  case $odd in
    ./approvals | ./keys | ./checkpoints | ./packages | ./attachments | ./sessions) missing "$odd: is an empty folder" ;;
    ./sessions/[0-9][0-9][0-9][0-9] | ./sessions/[0-9][0-9][0-9][0-9]/approvals) missing "$odd: is an empty folder" ;;
    *) refuse "$odd: is an empty folder" ;;
  esac
done <"$tmp/empty"
# What is only hashed may be as long as it likes.
odd=$(find . -type f -size +131072 ! -path './attachments/*' ! -path './addenda/*' ! -path ./transcript.jsonl \
  ! -path './report.*' ! -path ./verify.sh ! -path ./README.txt | head -n 1)
[ -z "$odd" ] || refuse "$odd: is longer than 64 MiB"
find . -type f ! -path "$unfinished" | sed 's/^..//' | sort >"$tmp/names" || refuse 'the folder cannot be listed'
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

# Bindings of later sessions, each with the name of its file.
: >"$tmp/sessions"
: >"$tmp/session-json"
odd=$(grep '^sessions/' "$tmp/names" |
  grep -v '^sessions/[0-9]\{4\}/\(binding\.yaml\|binding\.json\|approvals/[a-z0-9][a-z0-9-]\{0,62\}\.dsse\.json\)$' | head -n 1)
[ -z "$odd" ] || refuse "$odd: has no place in a bundle"
# shellcheck disable=SC2013 # names without white space: checked above
for name in $(grep '^sessions/[0-9]*/binding\.json$' "$tmp/names"); do
  [ "$(wc -c <"$name")" -le 1048576 ] || refuse "$name: is longer than 1 MiB"
  [ "$(wc -l <"$name")" -eq 0 ] || refuse "$name: is not one line without an LF"
  { cat "$name" && echo; } >>"$tmp/session-json"
  jq -c --arg name "$name" '{name: $name, binding: .}' <"$name" >>"$tmp/sessions" 2>/dev/null ||
    refuse "$name: is not JSON"
done

# --- Lines: one file each, without the LF, and with the leaf's prefix -------------------------------------------------

lines=$(($(wc -l <transcript.jsonl)))
[ "$lines" -ge 1 ] || refuse 'transcript.jsonl: has no whole line'
[ "$lines" -le 100000 ] || cannot_start 'transcript.jsonl: more than 100000 lines, too many for this program: use keyrite verify'
head -n "$lines" transcript.jsonl >"$tmp/transcript"
cmp -s "$tmp/transcript" transcript.jsonl ||
  missing 'transcript.jsonl: was not written to its end: the ceremony must be resumed'
[ $(($(wc -c <transcript.jsonl) - $(wc -c <"$tmp/transcript"))) -le 1048576 ] || refuse 'transcript.jsonl: a line is longer than 1 MiB'
# Before they are read one by one, for sh reads byte by byte.
[ "$(fold -b -w 1048576 "$tmp/transcript" | wc -l)" -eq "$lines" ] || refuse 'transcript.jsonl: a line is longer than 1 MiB'
place=1000000
while IFS= read -r line; do
  printf '%s' "$line" >"$tmp/line/$place"
  printf '\000%s' "$line" >"$tmp/leaf/$place"
  place=$((place + 1))
done <"$tmp/transcript"

# SHA-256 of every file in a folder, in the order of their names.
hash_each() {
  (cd "$1" && printf '%s\n' ./* | xargs sha256sum) | cut -c1-64
}
hash_each "$tmp/line" >"$tmp/line-hashes"
hash_each "$tmp/leaf" >"$tmp/leaf-hashes"

# The levels of an RFC 6962 tree over the leaves whose hashes are in the file $1, as files 0, 1, ... in the folder $2: each
# the hashes of the whole pairs of the one before. A pair is read as bytes: 01, left, right.
tree_levels() {
  rm -rf "$2" && mkdir "$2"
  level=0
  cp "$1" "$2/0"
  while [ "$(wc -l <"$2/$level")" -gt 1 ]; do
    rm -rf "$2/pair" && mkdir "$2/pair"
    paste -d '\0' - - <"$2/$level" | sed -n 's/^.\{128\}$/01&/p' | sed 's/../\\\\x&/g' | xargs printf '%b' |
      split -b 65 -a 5 - "$2/pair/n"
    level=$((level + 1))
    hash_each "$2/pair" >"$2/$level"
  done
}

# RFC 6962 tree hash, in hex, over the first $1 leaves of the tree in the folder $2: the whole subtrees that they fill are
# hashed together, from the last, which is the least, to the first.
tree_hash() {
  tree=
  level=0
  left=$1
  while [ "$left" -gt 0 ]; do
    if [ $((left % 2)) -eq 1 ]; then
      subtree=$(sed -n "${left}p" "$2/$level")
      if [ -n "$tree" ]; then
        tree=$(printf '01%s%s\n' "$subtree" "$tree" | sed 's/../\\\\x&/g' | xargs printf '%b' | sha256sum | cut -c1-64)
      else
        tree=$subtree
      fi
    fi
    left=$((left / 2))
    level=$((level + 1))
  done
  printf '%s\n' "$tree"
}

tree_levels "$tmp/leaf-hashes" "$tmp/tree"

# --- Checkpoints: exact form, root, and the envelope that must follow from the .sig files ------------------------------

T=application/vnd.keyrite.checkpoint
: >"$tmp/checkpoints"
odd=$(grep '^checkpoints/' "$tmp/names" |
  grep -v '^checkpoints/[0-9]\{4\}\.\(checkpoint\|dsse\.json\|tsq\|[a-z0-9][a-z0-9-]\{0,62\}\.sig\)$' | head -n 1)
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
  hex=$(tree_hash "$size" "$tmp/tree")
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

# Functions of jq for ids, and for the bytes of base64 and DER.
bytes_in_jq='
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
# Of a key that is proper: how long an RSA signature by it is, in bytes.
def rsa_bytes: bytes | .[30] * 256 + .[31] - (if .[32] == 0 then 1 else 0 end);
# Readings of units: what is meant as one, and what is one.
def hex64: type == "string" and test("^[0-9a-f]{64}\\z");
def meant_as_reading: type == "object" and has("identity") and has("challenge") and (.identity != null or .challenge != null);
def is_register: type == "object" and (.status | type) == "string" and has("pattern") and (.pattern | type | IN("string", "null"));
def is_reading: type == "object" and (.unit | type) == "string"
  and (.identity | type) == "object" and (.identity.id | hex64) and (.identity.spki | base64)
  and (.identity.algorithm | IN("ecdsa-p256-sha256", "ecdsa-p384-sha384", "ecdsa-p521-sha512", "rsa-pss-sha256", "ed25519"))
  and (.challenge | type) == "object" and (.challenge.nonce | hex64) and (.challenge.signature | base64)
  and has("state") and (.state | type | IN("object", "null"))
  and has("registers") and (.registers | . == null or (type == "object" and (.new | is_register) and (.current | is_register)));
# An identity that an act made, as its result tells it.
def made_identity: type == "object" and (.id | type) == "string" and (.spki | type) == "string" and (.state | type | IN("object", "array"));
def octal: "\\0" + ([(. / 64 | floor), (. / 8 | floor % 8), . % 8] | map(tostring) | join(""));
'

# Shapes of everything that is JSON. A shape is true (anything), the name of another shape, or an object with one of:
# object (shape by member; optional: those that may be left out; more: others may be there), map (any object), list (shape
# of each item, least, most), text (a pattern; least, most, form), whole (least and most), one (the values), either (shapes).
# Made from the schemas in the code: see docs/schemas.
shapes='
{
"#1": {"either":[{"one":[null]},"#2"]},
"#2": {"text":"\\A[a-z0-9][a-z0-9-]{0,62}\\z"},
"#3": {"list":"#2"},
"#4": {"text":"\\A[^\\p{Cc}\\p{Cs}]{1,200}\\z"},
"#5": {"object":{"sha256":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#6": {"object":{"name":{"text":""},"version":{"text":""},"sha256":{"text":"\\A[0-9a-f]{64}\\z"},"runtime":{"text":""}}},
"#7": {"list":"#8"},
"#8": {"object":{"id":"#2","name":"#4","roles":{"list":"#9","least":1},"key":"#10"}},
"#9": {"one":["crypto-administrator","security-officer","custodian","witness","auditor","approver"]},
"#10": {"object":{"algorithm":"#11","spki":{"text":"","form":"base64"},"holder":{"one":["token","file"]}}},
"#11": {"one":["ecdsa-p256-sha256","ecdsa-p384-sha384","ecdsa-p521-sha512","rsa-pss-sha256","ed25519"]},
"#12": {"object":{"role":"#9","count":{"whole":[1,64]}}},
"#13": {"list":"#14"},
"#14": {"object":{"name":"#15","sha256":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#15": {"text":"\\A[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}\\z"},
"#16": {"object":{"payload":{"text":"","form":"base64"},"payloadType":{"text":"\\Aapplication/vnd\\.keyrite\\.[a-z-]+\\z"},"signatures":{"list":{"object":{"keyid":"#2","sig":{"text":"","form":"base64"}}}}}},
"#17": {"list":"#2","least":1,"most":64},
"#18": {"text":"\\A[a-z0-9][a-z0-9./-]{0,120}\\z"},
"#19": {"either":[{"one":[null]},"#18"]},
"#20": {"one":["step-skipped","step-deviated","readback-skipped","preflight","clock","people","materials","other"]},
"#21": {"object":{"label":{"text":""},"serial":{"text":""},"manufacturer":{"text":""},"model":{"text":""},"firmware":{"text":""},"initialised":{"one":[true,false]},"userPinSet":{"one":[true,false]},"protectedPath":{"one":[true,false]},"pinFlags":{"list":{"text":""}}},"optional":["serial","manufacturer","model","firmware","initialised","userPinSet","protectedPath","pinFlags"],"more":true},
"#22": {"one":["in","opened","closed","destroyed"]},
"#23": {"either":[{"one":[null]},"#4"]},
"#24": {"object":{"format":{"one":["keyrite-unit-state/1"]},"unit":{"text":"\\A[0-9a-f]{64}\\z"},"serial":{"text":""},"mode":{"one":["imprint","operational","zeroised"]},"administrators":"#25","signatureThreshold":{"whole":[0,8]},"revocationThreshold":{"whole":[0,8]},"counter":{"whole":[0,null]},"loading":{"either":[{"one":[null]},{"object":{"set":{"text":""},"of":{"whole":[null,null]},"parts":{"list":{"object":{"index":{"whole":[1,null]},"commitment":{"text":"\\A[0-9a-f]{64}\\z"}}}}}}]},"registers":{"object":{"new":{"one":["empty","full-uncommitted","full-committed"]},"current":{"one":["empty","valid"]}}},"previous":{"text":"\\A[0-9a-f]{64}\\z"},"command":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#25": {"list":"#26"},
"#26": {"object":{"id":"#2","algorithm":"#11","spki":{"text":"","form":"base64"}}},
"#27": {"either":[{"one":[null]},{"object":{"id":{"text":"\\A[0-9a-f]{64}\\z"},"spki":{"text":"","form":"base64"},"algorithm":"#11"},"more":true}]},
"#28": {"either":[{"one":[null]},{"object":{"nonce":{"text":"\\A[0-9a-f]{64}\\z"},"signature":{"text":"","form":"base64"}},"more":true}]},
"#29": {"either":[{"one":[null]},"#24"]},
"#30": {"either":[{"one":[null]},"#21"]},
"#31": {"either":[{"one":[null]},{"object":{"new":"#32","current":"#32","retiring":"#32"},"optional":["retiring"],"more":true}]},
"#32": {"object":{"status":{"one":["empty","full-uncommitted","full-committed","valid"]},"pattern":"#33","set":{"either":[{"one":[null]},{"text":""}]},"attributes":true},"more":true},
"#33": {"either":[{"one":[null]},{"text":"\\A[0-9a-f]{64}\\z"}]},
"#34": {"list":{"object":{"weakness":{"text":""},"found":{"text":""},"means":{"text":""}},"more":true}},
"#35": {"list":"#36"},
"#36": {"object":{"class":{"text":""},"keyType":{"either":[{"one":[null]},{"text":""}]},"label":{"text":""},"id":{"text":""},"attributes":true,"checkValue":{"either":[{"one":[null]},"#37"]}},"more":true},
"#37": {"object":{"algorithm":{"text":""},"value":{"text":""}},"more":true},
"#38": {"one":["proven","wrong","missing","transferred","destroyed","unreturned"]},
"#39": {"either":[{"one":[null]},{"text":"","least":1,"most":1000}]},
"#40": {"object":{"set":{"text":"\\A[0-9a-f]{32}\\z"},"scheme":{"text":""},"threshold":{"whole":[0,null]},"bytes":{"one":[16,24]},"shares":{"list":{"object":{"index":{"whole":[0,null]},"salt":{"text":"\\A[0-9a-f]{32}\\z"},"commitment":{"text":"\\A[0-9a-f]{64}\\z"}},"more":true}},"pattern":{"text":"\\A[0-9a-f]{64}\\z"}},"optional":["bytes"],"more":true},
"#41": {"object":{"mixed":{"list":{"object":{"source":{"text":""},"bytes":{"whole":[0,null]}},"more":true}},"without":{"list":{"object":{"unit":"#2","why":{"text":""}},"more":true}}},"more":true},
"#42": {"object":{"key":{"text":"\\A[0-9a-f]{32}\\z"},"pattern":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#43": {"one":["aes-128","aes-256","rsa-3072","rsa-4096","ec-p256","ec-p384"]},
"#44": {"one":["encrypt","wrap","sign","decrypt","unwrap"]},
"#45": {"either":[{"one":[null]},{"text":"","form":"base64"}]},
"#46": {"text":"\\Aage1[02-9ac-hj-np-z]{58}\\z"},
"#47": {"one":["card","medium","seal","form","other"]},
"#48": {"text":"\\A(?:[^\\p{Cc}\\p{Cs}]|\\n){1,4000}\\z"},
"#49": {"list":{"either":["#50","#51",{"object":{"share":{"whole":[1,16]},"form":{"one":["printed"]},"printer":"#2"}},{"object":{"share":{"whole":[1,16]},"form":{"one":["pdf"]},"medium":"#2"}}]},"least":1,"most":16},
"#50": {"object":{"share":{"whole":[1,16]},"form":{"one":["age-file"]},"medium":"#2","lock":{"one":["recipient","passphrase"]}}},
"#51": {"object":{"share":{"whole":[1,16]},"form":{"one":["own-token"]}}},
"#52": {"one":["secret-key","private-key","public-key","certificate","data"]},
"#53": {"text":"\\A(?:[0-9a-f]{2})*\\z","least":2,"most":128},
"#54": {"object":{"by":{"one":["read-back"]},"positions":"#17"}},
"#55": {"object":{"by":{"one":["pinned"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#56": {"object":{"by":{"one":["two-collectors"]},"second":"#2"}},
"#57": {"list":"#12","least":1},
"#58": {"object":{"module":"#2","address":"#59","keyLabel":{"text":"","most":200}}},
"#59": {"object":{"blank":{"one":[true,false]},"label":{"text":"","most":32},"serial":{"text":"","most":16}},"optional":["label","serial"]},
"#60": {"object":{"id":"#2","path":{"text":"\\A/[^\\0]*\\z","most":4001}}},
"#61": {"object":{"ceremony":"#2","root":{"text":"\\A[0-9a-f]{64}\\z"}}},
"#62": {"object":{"algorithm":{"one":["aes-cmac"]},"value":{"text":"\\A(?!0{10})[0-9a-f]{10}\\z"}}},
"#63": {"object":{"instance":"#64","region":"#65","offering":{"one":["standard"]}},"optional":["offering"]},
"#64": {"text":"\\A[A-Za-z0-9][A-Za-z0-9-]{0,62}\\z"},
"#65": {"text":"\\A[a-z]{2,8}(?:-[a-z0-9]{2,12}){1,2}\\z"},
"#66": {"either":[{"object":{"do":{"one":["create"]},"name":{"text":"\\A[^\\p{C}]{2,90}\\z"}}},{"object":{"do":{"one":["rotate"]},"key":"#67"}}]},
"#67": {"text":"\\A[A-Za-z0-9][A-Za-z0-9_-]{1,89}\\z"},
"#68": {"text":"\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?Z\\z","form":"time"},
"#69": {"text":"","form":"base64","least":684,"most":684},
"#70": {"text":"","form":"base64","least":24,"most":24},
"#71": {"text":"","form":"base64","least":4,"most":8192},
"#72": {"text":"\\Aarn:aws(?:-[a-z]{2,8}){0,2}:kms:[a-z0-9-]{1,32}:[0-9]{12}:key/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\z"},
"#73": {"text":"\\Aprojects/[a-z0-9:.-]{1,63}/locations/[a-z0-9-]{1,63}/keyRings/[A-Za-z0-9_-]{1,63}/importJobs/[A-Za-z0-9_-]{1,63}\\z"},
"#74": {"text":"\\Ahttps://[a-z0-9-]{3,63}[.]managedhsm[.]azure[.]net/keys/[0-9A-Za-z-]{1,127}/[0-9a-f]{32}\\z"},
"#75": {"either":[{"one":[null]},"#68"]},
"#76": {"list":"#14","least":1,"most":1},
"#77": {"list":"#14","least":0,"most":100},
"#78": {"object":{"text":{"text":"","least":1,"most":4000}}},
"line": {"object":{"seq":{"whole":[0,null]},"prev":{"text":"\\A[0-9a-f]{64}\\z"},"salt":{"text":"\\A(?:[0-9a-f]{2})*\\z","least":32,"most":32},"at":{"text":"","form":"instant"},"type":{"one":["ceremony.opened","ceremony.paused","ceremony.resumed","ceremony.closed","participant.present","participant.enrolled","participant.left","participant.replaced","step.started","step.intent","step.outcome","step.reconciled","step.confirmed","step.failed","fact.recorded","exception.recorded","checkpoint.made","checkpoint.signed"]},"step":"#1","by":"#3","body":{"map":true}}},
"body ceremony.opened": {"object":{"format":{"one":["keyrite-bundle/1"]},"ceremony":"#2","mode":{"one":["rehearsal","production"]},"title":"#4","plan":{"object":{"id":"#2","sha256":{"text":"\\A[0-9a-f]{64}\\z"}}},"binding":"#5","app":"#6","rules":{"one":[2]},"roster":"#7","quorum":{"list":"#12"},"keysFrom":{"one":["binding","plan"]},"files":"#13"},"optional":["rules"]},
"body ceremony.paused": {"object":{"reason":{"text":"","most":4000},"seals":{"list":{"object":{"material":"#2","number":{"text":"","most":4000}}}}}},
"body ceremony.resumed": {"object":{"reason":{"one":["pause","crash"]},"torn":{"either":[{"one":[null]},{"object":{"bytes":{"whole":[0,null]},"sha256":{"text":"\\A[0-9a-f]{64}\\z"}}}]},"note":{"text":"","most":4000},"session":{"object":{"number":{"whole":[2,9999]},"binding":"#5","app":"#6","roster":"#7"}},"files":"#13"},"optional":["session","files"]},
"body ceremony.closed": {"object":{"outcome":{"one":["completed","abandoned"]},"exceptions":{"whole":[0,null]},"withheld":{"whole":[0,null]},"signOff":{"text":"","most":4000}}},
"body participant.present": {"object":{"participant":"#2","proof":"#16"}},
"body participant.enrolled": {"object":{"participant":"#8","vouchers":"#3","identification":{"text":"","most":4000},"record":"#16","files":"#13"}},
"body participant.left": {"object":{"participant":"#2","reason":{"text":"","most":4000}}},
"body participant.replaced": {"object":{"participant":"#2","by":"#2","reason":{"text":"","most":4000}}},
"body step.started": {"object":{"attempt":{"whole":[1,null]},"witness":"#17","action":{"text":""}},"optional":["witness"]},
"body step.intent": {"object":{"attempt":{"whole":[1,null]},"witness":"#17","act":"#18","operation":{"text":""},"unit":"#1","parameters":{"map":true},"expected":{"map":true},"command":{"either":[{"one":[null]},"#16"]},"files":"#13"},"optional":["witness","files"]},
"body step.outcome": {"object":{"attempt":{"whole":[1,null]},"witness":"#17","act":"#19","result":{"map":true},"files":"#13"},"optional":["witness","files"]},
"body step.reconciled": {"object":{"attempt":{"whole":[1,null]},"act":"#18","verdict":{"one":["applied","not-applied","undetermined"]},"observed":{"map":true},"files":"#13"},"optional":["files"]},
"body step.confirmed": {"object":{"attempt":{"whole":[1,null]},"statement":{"text":"","most":4000},"answer":{"text":"","most":4000}},"optional":["answer"]},
"body step.failed": {"object":{"attempt":{"whole":[1,null]},"act":"#19","error":{"object":{"code":{"text":""},"message":{"text":"","most":4000}}},"changed":{"text":"","most":4000},"next":{"text":"","most":4000}}},
"body fact.recorded": {"object":{"fact":{"text":""},"value":true,"files":"#13"},"optional":["files"]},
"body exception.recorded": {"object":{"kind":"#20","record":"#16"}},
"body checkpoint.made": {"object":{"number":{"whole":[1,null]},"size":{"whole":[0,null]},"root":{"text":"\\A[0-9a-f]{64}\\z"},"files":"#13"}},
"body checkpoint.signed": {"object":{"number":{"whole":[1,null]},"participant":"#2","files":"#13"}},
"fact workstation": {"object":{"observations":{"list":{"object":{"check":{"text":""},"ok":{"either":[{"one":[null]},{"one":[true,false]}]},"found":{"text":""}},"more":true}}},"more":true},
"fact module": {"object":{"module":"#2","sha256":{"text":"\\A[0-9a-f]{64}\\z"},"path":{"text":""},"library":{"object":{"cryptoki":{"text":""},"manufacturer":{"text":""},"description":{"text":""},"version":{"text":""}},"more":true},"tokens":{"list":"#21"},"environment":{"list":{"object":{"name":{"text":""},"value":{"text":""}}}},"files":{"list":{"object":{"path":{"text":""},"sha256":{"text":"\\A[0-9a-f]{64}\\z"}}}},"links":{"list":{"object":{"interface":{"text":""},"peer":{"text":""},"port":{"whole":[0,null]}}}}},"optional":["path","library","tokens","environment","files","links"],"more":true},
"fact clock.readings": {"object":{"readings":{"list":{"object":{"by":"#2","source":{"text":"","most":4000},"at":{"text":"","form":"instant"},"workstation":{"text":"","form":"instant"}}}},"skewMs":{"object":{"median":{"whole":[null,null]},"largest":{"whole":[null,null]}}}}},
"fact answer": {"object":{"asked":{"text":""},"answer":{"text":""}},"more":true},
"fact custody": {"object":{"act":"#22","object":"#2","seal":"#23","place":"#23","record":"#16"}},
"fact seal": {"object":{"material":"#2","number":{"text":""}}},
"fact paper-signature": {"object":{"name":{"text":""},"role":{"text":""}},"more":true},
"fact decision": {"object":{"step":"#2","option":{"one":["again","stop"]},"happened":{"text":""}},"more":true},
"fact exception.raised": {"object":{"step":{"text":""},"kind":{"text":""},"expected":{"text":""},"happened":{"text":""},"decided":{"text":""}}},
"fact unit.connected": {"object":{"unit":"#2","identity":{"text":"\\A[0-9a-f]{64}\\z"},"spki":{"text":"","form":"base64"},"algorithm":"#11","state":"#24"},"more":true},
"fact unit.initialised": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","weaknesses":"#34"},"optional":["state","stateKept","token","registers","weaknesses"],"more":true},
"fact unit.compared": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31"},"optional":["state","stateKept","token","registers"],"more":true},
"fact register": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","register":{"one":["new","current"]}},"optional":["state","stateKept","token","registers"],"more":true},
"fact inventory": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","objects":"#35","capabilities":true,"weaknesses":"#34"},"optional":["state","stateKept","token","registers","objects","capabilities","weaknesses"],"more":true},
"fact unit.found": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","origin":{"text":""},"objects":"#35","capabilities":true},"optional":["state","stateKept","token","registers","capabilities"],"more":true},
"fact unit.adopted": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","origin":{"text":""},"objects":"#35","weaknesses":"#34"},"optional":["state","stateKept","token","registers","weaknesses"],"more":true},
"fact master-key.found": {"object":{"unit":"#2","origin":{"text":""},"object":"#36","pattern":{"text":"\\A[0-9a-f]{64}\\z"},"weaknesses":"#34"},"more":true},
"fact keys.adopted": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","origin":{"text":""},"keys":{"list":{"object":{"name":"#2","object":"#36"},"more":true}}},"optional":["state","stateKept","token","registers"],"more":true},
"fact procedure.before": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","objects":"#35"},"optional":["state","stateKept","token","registers"],"more":true},
"fact procedure.released": {"object":{"units":"#3","modules":"#3"},"more":true},
"fact procedure.output": {"object":{"tool":"#4"},"more":true},
"fact procedure.after": {"object":{"unit":"#2","identity":"#27","challenge":"#28","state":"#29","stateKept":{"one":["token","none"]},"token":"#30","registers":"#31","is":{"one":["as-before","blank","foreign"]},"objects":"#35"},"optional":["state","stateKept","token","registers","objects"],"more":true},
"fact share-set.voided": {"object":{"set":{"text":"\\A[0-9a-f]{32}\\z"},"reason":{"text":""}},"more":true},
"fact share-set.replaced": {"object":{"set":{"text":"\\A[0-9a-f]{32}\\z"},"by":{"text":"\\A[0-9a-f]{32}\\z"},"pattern":{"text":"\\A[0-9a-f]{64}\\z"}}},
"fact share": {"object":{"act":"#38","set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[1,16]},"holder":"#2","to":"#1","why":"#39","record":"#16"}},
"fact import-key": {"either":[{"object":{"unit":"#2","spki":{"text":"","form":"base64"},"bits":{"whole":[0,null]},"oaep":{"one":["sha256","sha1"]},"signature":{"text":"","form":"base64"}},"more":true},{"object":{"unit":"#2","spki":{"text":"","form":"base64"},"agreement":{"one":["ecdh-p256"]},"kdf":{"one":["sha256","none"]},"signature":{"text":"","form":"base64"}},"more":true}]},
"fact wrapping-parameters": {"object":{"parameters":"#2","file":"#15"},"more":true},
"fact wrapping-key.compared": {"object":{"with":"#4","publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"}},"more":true},
"act parameters": {"object":{"name":"#15","sha256":{"text":"\\A[0-9a-f]{64}\\z"},"set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[0,null]},"custodian":"#2","copy":"#2","holder":"#2","replaces":{"text":"\\A[0-9a-f]{32}\\z"},"signatureThreshold":{"whole":[0,null]},"revocationThreshold":{"whole":[0,null]},"label":{"text":""},"command":{"text":""},"administrator":"#26","administrators":"#25","of":{"whole":[0,null]},"count":{"whole":[0,null]},"commitment":{"text":"\\A[0-9a-f]{64}\\z"},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"scheme":{"text":""},"threshold":{"whole":[0,null]},"shares":{"whole":[0,null]},"bytes":{"one":[16,24]},"pin":{"one":["user","security-officer"]},"locked":{"one":[true,false]},"key":"#4","algorithm":{"text":""},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"target":"#4","authenticated":{"list":"#2","least":1,"most":8},"id":{"either":[{"one":[null]},{"text":""}]},"harden":{"one":[true,false]},"tool":"#4","commands":{"list":{"text":""}},"use":{"text":""},"extractable":{"one":[true,false]},"store":"#2","masterKey":{"text":"\\A[0-9a-f]{64}\\z"},"from":{"text":"\\A[0-9a-f]{64}\\z"},"to":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]},"inventory":{"text":"\\A[0-9a-f]{64}\\z"},"keyNames":{"text":"\\A[0-9a-f]{64}\\z"},"retires":{"text":"\\A[0-9a-f]{64}\\z"},"stores":{"list":{"object":{"store":"#2","manifest":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]}},"more":true}}},"optional":["name","sha256","set","index","custodian","copy","holder","replaces","signatureThreshold","revocationThreshold","label","command","administrator","administrators","of","count","commitment","pattern","scheme","threshold","shares","bytes","pin","locked","key","algorithm","publicKeySha256","target","authenticated","id","harden","tool","commands","use","extractable","store","masterKey","from","to","keys","inventory","keyNames","retires","stores"],"more":true},
"act expected": {"object":{"name":"#15","sha256":{"text":"\\A[0-9a-f]{64}\\z"},"label":{"text":""},"initialised":{"one":[true,false]},"userPinSet":{"one":[true,false]},"identity":{"text":""},"mode":{"text":""},"administrator":"#2","loaded":{"whole":[0,null]},"new":{"text":""},"current":{"text":""},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"shares":{"whole":[0,null]},"readBack":{"one":[true,false]},"entered":{"one":[true,false]},"destroyed":{"one":[true,false]},"after":true,"pin":{"text":""},"key":"#4","extractable":{"one":[true,false]},"store":"#2","to":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]}},"optional":["name","sha256","label","initialised","userPinSet","identity","mode","administrator","loaded","new","current","pattern","shares","readBack","entered","destroyed","after","pin","key","extractable","store","to","keys"],"more":true},
"act result": {"object":{"name":"#15","sha256":{"text":"\\A[0-9a-f]{64}\\z"},"set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[0,null]},"custodian":"#2","copy":"#2","holder":"#2","replaces":{"text":"\\A[0-9a-f]{32}\\z"},"note":{"text":""},"token":"#30","id":{"text":"\\A[0-9a-f]{64}\\z"},"spki":{"text":"","form":"base64"},"algorithm":"#11","attributes":true,"state":"#29","stateKept":{"one":["token","none"]},"registers":"#31","hardened":{"list":{"text":""}},"shareSet":"#40","randomness":"#41","madeInside":"#42","entered":{"one":[true,false]},"pin":{"one":["user","security-officer"]},"proven":{"one":[true,false]},"wrapped":{"text":"","form":"base64"},"iv":{"text":"","form":"base64"},"encryptedNonce":{"text":"","form":"base64"},"checkValue":"#37","wrappedIn":{"one":["token","share-process"]},"nonceEncryptedIn":{"one":["token","share-process"]},"destroyed":{"one":[true,false]},"confirmedBy":"#3","key":"#4","keyAlgorithm":"#43","use":"#44","publicKey":"#45","store":"#2","masterKey":{"text":"\\A[0-9a-f]{64}\\z"},"format":{"one":["AES-KWP","AES-KW"]},"mechanism":{"text":""},"from":{"text":"\\A[0-9a-f]{64}\\z"},"to":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]},"units":"#3","unit":"#2","names":{"list":"#4"},"administrators":"#3","readBack":true,"shares":{"whole":[0,null]},"custody":{"either":[{"object":{"form":{"one":["age-file"]},"medium":"#2","lock":{"one":["recipient","passphrase"]},"recipient":"#46","file":"#4","sha256":{"text":"\\A[0-9a-f]{64}\\z"}},"optional":["recipient"],"more":true},{"object":{"form":{"one":["printed"]},"printer":"#2","file":"#4"},"optional":["file"],"more":true},{"object":{"form":{"one":["pdf"]},"medium":"#2","file":"#4"},"optional":["file"],"more":true},{"object":{"form":{"one":["own-token"]},"spki":{"text":"","form":"base64"},"oaep":{"one":["sha256","sha1"]},"signature":{"text":"","form":"base64"},"sha256":{"text":"\\A[0-9a-f]{64}\\z"}},"more":true}]},"good":{"whole":[0,null]},"unreturned":{"whole":[0,null]},"threshold":{"whole":[0,null]},"rotate":{"one":[true,false]},"pattern":"#33","register":{"one":["new","current"]},"same":true,"checkpoint":{"whole":[0,null]},"sealed":"#3","package":"#14","objects":true,"answered":{"one":[true,false]},"attached":{"whole":[0,null]},"present":"#3","enrolled":"#3","missing":{"list":{"text":""}},"clock":{"text":""},"media":{"list":{"object":{"id":"#2","path":{"either":[{"one":[null]},{"text":""}]}},"more":true}}},"optional":["name","sha256","set","index","custodian","copy","holder","replaces","note","token","id","spki","algorithm","attributes","state","stateKept","registers","hardened","shareSet","randomness","madeInside","entered","pin","proven","wrapped","iv","encryptedNonce","checkValue","wrappedIn","nonceEncryptedIn","destroyed","confirmedBy","key","keyAlgorithm","use","publicKey","store","masterKey","format","mechanism","from","to","keys","units","unit","names","administrators","readBack","shares","custody","good","unreturned","threshold","rotate","pattern","register","same","checkpoint","sealed","package","objects","answered","attached","present","enrolled","missing","clock","media"],"more":true},
"act observed": {"object":{"name":"#15","sha256":{"text":"\\A[0-9a-f]{64}\\z"},"set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[0,null]},"custodian":"#2","copy":"#2","holder":"#2","replaces":{"text":"\\A[0-9a-f]{32}\\z"},"note":{"text":""},"token":"#30","id":{"text":"\\A[0-9a-f]{64}\\z"},"spki":{"text":"","form":"base64"},"algorithm":"#11","attributes":true,"state":"#29","stateKept":{"one":["token","none"]},"registers":"#31","hardened":{"list":{"text":""}},"shareSet":"#40","randomness":"#41","madeInside":"#42","entered":{"one":[true,false]},"pin":{"one":["user","security-officer"]},"proven":{"one":[true,false]},"wrapped":{"text":"","form":"base64"},"iv":{"text":"","form":"base64"},"encryptedNonce":{"text":"","form":"base64"},"checkValue":"#37","wrappedIn":{"one":["token","share-process"]},"nonceEncryptedIn":{"one":["token","share-process"]},"destroyed":{"one":[true,false]},"confirmedBy":"#3","key":"#4","keyAlgorithm":"#43","use":"#44","publicKey":"#45","store":"#2","masterKey":{"text":"\\A[0-9a-f]{64}\\z"},"format":{"one":["AES-KWP","AES-KW"]},"mechanism":{"text":""},"from":{"text":"\\A[0-9a-f]{64}\\z"},"to":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]},"readBack":true,"refused":{"text":""},"written":{"one":[true,false]},"identity":true,"challenge":true,"found":true,"rootKeysLeft":true},"optional":["name","sha256","set","index","custodian","copy","holder","replaces","note","token","id","spki","algorithm","attributes","state","stateKept","registers","hardened","shareSet","randomness","madeInside","entered","pin","proven","wrapped","iv","encryptedNonce","checkValue","wrappedIn","nonceEncryptedIn","destroyed","confirmedBy","key","keyAlgorithm","use","publicKey","store","masterKey","format","mechanism","from","to","keys","readBack","refused","written","identity","challenge","found","rootKeysLeft"],"more":true},
"payload approval": {"object":{"format":{"one":["keyrite-approval/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","approver":"#2","plan":{"text":"\\A[0-9a-f]{64}\\z"},"binding":{"text":"\\A[0-9a-f]{64}\\z"}}},
"payload presence": {"object":{"format":{"one":["keyrite-presence/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","participant":"#2","line0":{"text":"\\A[0-9a-f]{64}\\z"},"head":{"text":"\\A[0-9a-f]{64}\\z"},"nonce":{"text":"\\A(?:[0-9a-f]{2})*\\z","least":64,"most":64}}},
"payload enrolment": {"object":{"format":{"one":["keyrite-enrolment/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","participant":"#8","position":"#2","identification":{"text":"","most":4000},"head":{"text":"\\A[0-9a-f]{64}\\z"}}},
"payload custody": {"object":{"format":{"one":["keyrite-custody/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","step":"#2","act":"#22","object":"#2","seal":"#23","place":"#23","kind":"#47","head":{"text":"\\A[0-9a-f]{64}\\z"}}},
"payload share": {"object":{"format":{"one":["keyrite-share/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","step":"#2","act":"#38","set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[1,16]},"holder":"#2","to":"#1","why":"#39","commitment":{"text":"\\A[0-9a-f]{64}\\z"},"head":{"text":"\\A[0-9a-f]{64}\\z"}}},
"share set": {"object":{"set":{"text":"\\A[0-9a-f]{32}\\z"},"scheme":{"one":["components","threshold"]},"threshold":{"whole":[1,16]},"bytes":{"one":[16,24]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"shares":{"list":{"object":{"index":{"whole":[1,16]},"salt":{"text":"\\A[0-9a-f]{32}\\z"},"commitment":{"text":"\\A[0-9a-f]{64}\\z"}},"more":true},"least":1,"most":16}},"optional":["bytes"],"more":true},
"payload exception": {"object":{"format":{"one":["keyrite-exception/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","step":"#2","kind":"#20","expected":{"text":"","most":4000},"happened":{"text":"","most":4000},"decided":{"text":"","most":4000}}},
"payload command": {"object":{"format":{"one":["keyrite-command/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","unit":{"text":"\\A[0-9a-f]{64}\\z"},"serial":{"text":""},"counter":{"whole":[0,null]},"previous":{"text":"\\A[0-9a-f]{64}\\z"},"payload":{"either":[{"object":{"command":{"one":["administrator.add"]},"administrator":"#26"}},{"object":{"command":{"one":["administrator.remove"]},"administrator":"#26"}},{"object":{"command":{"one":["thresholds.set"]},"signatureThreshold":{"whole":[1,8]},"revocationThreshold":{"whole":[1,8]},"administrators":"#25"}},{"object":{"command":{"one":["master-key.load"]},"set":{"text":"\\A[0-9a-f]{32}\\z"},"index":{"whole":[1,null]},"of":{"whole":[1,null]},"count":{"whole":[1,null]},"commitment":{"text":"\\A[0-9a-f]{64}\\z"}},"optional":["count"]},{"object":{"command":{"one":["master-key.generate"]},"key":{"text":"\\A[0-9a-f]{32}\\z"}}},{"object":{"command":{"one":["master-key.commit"]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"}}},{"object":{"command":{"one":["master-key.activate"]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"}}},{"object":{"command":{"one":["master-key.replace"]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"retires":{"text":"\\A[0-9a-f]{64}\\z"},"stores":{"list":{"object":{"store":"#2","manifest":{"text":"\\A[0-9a-f]{64}\\z"},"keys":{"whole":[0,null]}}},"most":16}}},{"object":{"command":{"one":["master-key.clear"]},"pattern":"#33"}},{"object":{"command":{"one":["master-key.adopt"]},"label":"#4","id":{"either":[{"one":[null]},{"text":"\\A(?:[0-9a-f]{2})*\\z"}]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"harden":{"one":[true,false]}}},{"object":{"command":{"one":["unit.zeroise"]}}}]}}},
"payload cosignature": {"object":{"format":{"one":["keyrite-cosignature/1"]},"mode":{"one":["rehearsal","production"]},"ceremony":"#2","participant":"#2","size":{"whole":[1,null]},"root":{"text":"\\A[0-9a-f]{64}\\z"},"checkpoint":{"text":"\\A[0-9a-f]{64}\\z"},"verdict":{"one":["consistent","verified"]},"app":{"object":{"name":{"text":"","most":200},"version":{"text":"","most":200},"sha256":{"text":"\\A[0-9a-f]{64}\\z"}}},"at":{"text":"","form":"instant"}}},
"plan": {"object":{"keyrite":{"one":["plan/1"]},"id":"#2","title":"#4","purpose":"#48","regime":{"one":["none","pci-pin","webtrust","fips-140-3"]},"continues":"#2","site":{"object":{"name":"#4","controls":{"list":"#48","least":1}}},"positions":{"list":{"object":{"id":"#2","role":"#9","count":{"whole":[1,64]},"alternates":{"whole":[0,16]},"attends":{"one":[true,false]},"pinnedKeys":{"list":{"text":"\\A[0-9a-f]{64}\\z"}},"keyFiles":{"one":[true,false]}},"optional":["keyFiles"]},"least":1,"most":32},"separationOfDuties":{"list":{"object":{"apart":{"list":"#9","least":2,"most":6},"why":"#48"}}},"approval":{"object":{"position":"#2","count":{"whole":[1,64]}}},"units":{"list":{"object":{"id":"#2","name":"#4","label":{"text":"\\A[\\x21-\\x7e](?:[\\x20-\\x7e]{0,30}[\\x21-\\x7e])?\\z"},"begins":{"one":["blank","imprint","operational","foreign","absent"]}}},"most":64},"masterKey":{"either":[{"object":{"id":"#2","scheme":{"one":["components"]},"shares":{"whole":[2,16]},"custodians":"#2","copies":{"list":{"object":{"position":"#2","of":{"list":{"whole":[1,16]},"least":1,"most":16}}},"least":1,"most":4},"form":{"one":["worksheet"]},"forms":"#49","bits":{"one":[128,192,256]}},"optional":["copies","forms","bits"]},{"object":{"id":"#2","scheme":{"one":["threshold"]},"shares":{"whole":[2,16]},"threshold":{"whole":[2,16]},"custodians":"#2","form":{"one":["worksheet"]},"forms":"#49","bits":{"one":[128,192,256]}},"optional":["forms","bits"]},{"object":{"id":"#2","scheme":{"one":["in-unit"]},"unit":"#2","copies":{"one":["none"]}}}]},"keyStores":{"list":{"object":{"id":"#2","name":"#4"}},"most":16},"keptShares":{"list":{"object":{"id":"#2","scheme":{"one":["components","threshold"]},"shares":{"whole":[2,16]},"threshold":{"whole":[2,16]},"is":{"one":["current","replaced"]},"custodians":"#17","forms":{"list":{"either":["#50","#51"]},"least":1,"most":16}},"optional":["forms"]},"least":1,"most":16},"pins":{"list":{"object":{"id":"#2","for":{"one":["security-officer","user"]},"units":"#17","madeBy":"#2","heldBy":"#2","parts":{"one":[1,2]},"sealing":"#48"}}},"materials":{"list":{"object":{"id":"#2","kind":"#47","name":"#4","ledger":{"one":["new","kept"]},"at":"#4"},"optional":["ledger","at"]}},"phases":{"list":{"object":{"id":"#2","title":"#4","holdLogin":{"one":[true,false]}}}},"steps":{"list":{"either":[{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["preflight"]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["roll-call"]},"positions":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["enrol"]},"position":"#2","vouchers":"#17","identification":"#48"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.initialise"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.imprint"]},"units":"#17","administrators":"#2","signatureThreshold":{"whole":[1,8]},"revocationThreshold":{"whole":[1,8]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.administrators.add"]},"units":"#17","administrators":"#2"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.administrators.remove"]},"units":"#17","administrators":"#2"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.thresholds"]},"units":"#17","signatureThreshold":{"whole":[1,8]},"revocationThreshold":{"whole":[1,8]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.adopt"]},"units":"#17","origin":"#48"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.zeroise"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.pin.change"]},"units":"#17","for":{"one":["security-officer","user"]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.pin.unlock"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.inventory"]},"units":"#17","also":{"list":{"object":{"class":"#52","label":"#4"}},"least":1,"most":256}},"optional":["phase","minutes","materials","also"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["unit.compare"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.generate"]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["shares.distribute"]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["shares.drill"]},"set":"#2","by":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["shares.transfer"]},"set":"#2","from":"#2","to":"#2","by":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["shares.reshare"]},"set":"#2"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["shares.destroy"]},"set":"#2","by":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.load"]},"units":"#17","import":{"one":["rsa-oaep","ecdh"]}},"optional":["phase","minutes","materials","import"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.verify"]},"units":"#17","register":{"one":["new","current"]}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.commit"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.activate"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.clear"]},"units":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.adopt"]},"units":"#17","object":{"object":{"label":"#4","id":"#53"},"optional":["id"]},"origin":"#48","harden":{"one":[true,false]}},"optional":["phase","minutes","materials","harden"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.adopt"]},"unit":"#2","objects":{"list":{"object":{"name":"#2","class":"#52","label":"#4","id":"#53"},"optional":["id"]},"least":1,"most":256},"origin":"#48"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["vendor.procedure"]},"units":"#17","tool":"#4","commands":{"list":"#48","least":1,"most":64},"by":"#17","attach":{"one":["required","optional"]},"after":{"list":{"either":[{"object":{"unit":"#2","is":{"one":["as-before"]},"objects":{"one":["unchanged","recorded"]}}},{"object":{"unit":"#2","is":{"one":["blank"]}}},{"object":{"unit":"#2","is":{"one":["foreign"]}}}]},"least":1,"most":64}},"optional":["phase","minutes","materials","attach"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["master-key.rotate"]},"unit":"#2","store":"#2"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.generate"]},"unit":"#2","key":{"object":{"name":"#2","algorithm":"#43","use":"#44"}}},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.wrap"]},"unit":"#2","keys":"#17","store":"#2","format":{"one":["AES-KWP","AES-KW"]}},"optional":["phase","minutes","materials","format"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.unwrap"]},"unit":"#2","keys":"#17","store":"#2"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.destroy"]},"unit":"#2","keys":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["key.package"]},"unit":"#2","key":{"object":{"name":"#2","algorithm":{"one":["aes-256"]}}},"parameters":"#2","purpose":{"one":["create","rotate"]},"target":{"one":["ibm-key-protect","ibm-hpcs","aws-kms","google-cloud-kms","azure-key-vault","openbao-transit","cms"]},"authenticate":{"either":["#54","#55","#56",{"object":{"by":{"one":["all"]},"ways":{"list":{"either":["#54","#55","#56"]},"least":2,"most":8}}}]}},"optional":["phase","minutes","materials","target"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["fact"]},"ask":"#48","by":"#17","attach":{"one":[true,false]}},"optional":["phase","minutes","materials","attach"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["custody"]},"act":"#22","objects":"#17","by":"#17","place":"#4"},"optional":["phase","minutes","materials","place"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["statement"]},"text":"#48","by":"#17"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["checkpoint"]},"signers":"#57"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["pause"]},"reason":"#48","by":"#17","seals":"#17","signers":"#57"},"optional":["phase","minutes","materials"]},{"object":{"id":"#2","title":"#4","phase":"#2","minutes":{"whole":[1,64]},"materials":"#17","action":{"one":["export"]},"media":"#3"},"optional":["phase","minutes","materials"]}]},"least":1,"most":500},"endState":{"list":{"object":{"unit":"#2","mode":{"one":["blank","imprint","operational","zeroised","foreign"]},"masterKey":{"one":["none","uncommitted","committed","current","unknown"]}}}},"storage":"#48","retention":"#48","signOff":{"object":{"quorum":"#57","wording":"#48"}}},"optional":["continues","masterKey","keyStores","keptShares","retention"]},
"binding": {"object":{"keyrite":{"one":["binding/1"]},"ceremony":"#2","mode":{"one":["rehearsal","production"]},"plan":{"text":"\\A[0-9a-f]{64}\\z"},"people":{"list":{"object":{"id":"#2","name":"#4","position":"#2","organisation":"#4","key":"#10","token":"#58","keyFile":{"text":"\\A/[^\\0]*\\z","most":4001},"age":{"object":{"recipient":"#46","identityFile":{"text":"\\A/[^\\0]*\\z","most":4001}},"optional":["identityFile"]}},"optional":["organisation","token","keyFile","age"]},"least":1,"most":200},"enrol":{"list":{"object":{"id":"#2","position":"#2","token":"#58"}},"most":64},"workstation":{"object":{"image":"#4","sha256":{"text":"\\A[0-9a-f]{64}\\z"}}},"modules":{"list":{"object":{"id":"#2","path":{"text":"\\A/[^\\0]*\\z","most":4001},"sha256":{"text":"\\A[0-9a-f]{64}\\z"},"libraryParameters":{"text":"","most":4000},"environment":{"list":{"object":{"name":{"text":"\\A[A-Za-z_][A-Za-z0-9_]{0,127}\\z"},"value":{"text":""}}}},"files":{"list":{"object":{"path":{"text":"\\A/[^\\0]*\\z","most":4001},"sha256":{"text":"\\A[0-9a-f]{64}\\z"}}}},"links":{"list":{"object":{"interface":{"text":"\\A[!-.0-~]{1,15}\\z"},"peer":"#4","port":{"whole":[1,65535]}}}}},"optional":["libraryParameters"]},"least":1,"most":32},"units":{"list":{"object":{"id":"#2","module":"#2","address":"#59","fips":{"object":{"certificate":"#4","level":{"whole":[1,4]},"mode":{"one":["approved","not-approved"]},"seenBy":{"list":"#2","least":1,"most":16}}},"lastKnown":{"either":[{"one":[null]},{"object":{"identity":{"text":"\\A[0-9a-f]{64}\\z"},"identitySpki":{"text":"","form":"base64"},"stateSha256":{"text":"\\A[0-9a-f]{64}\\z"},"counter":{"whole":[0,null]},"state":"#24"},"optional":["state"]}]}},"optional":["fips"]},"most":64},"wrappingParameters":{"list":{"object":{"id":"#2","file":{"text":"\\A/[^\\0]*\\z","most":4001}}}},"media":{"list":"#60"},"printers":{"list":{"object":{"id":"#2","path":{"text":"","most":4001},"language":{"one":["pdf","postscript"]}}},"most":16},"keyStores":{"list":"#60","most":16},"custody":{"object":{"from":"#61","objects":{"list":{"either":[{"object":{"object":"#2","kind":"#47","state":{"one":["sealed"]},"seal":"#4","place":"#4"}},{"object":{"object":"#2","kind":"#47","state":{"one":["open","destroyed"]},"seal":{"one":[null]},"place":{"one":[null]}}}]},"most":1000}}},"shareSets":{"object":{"from":"#61","sets":{"list":{"object":{"id":"#2","set":{"text":"\\A[0-9a-f]{32}\\z"},"scheme":{"one":["components","threshold"]},"threshold":{"whole":[1,16]},"bytes":{"one":[16,24]},"pattern":{"text":"\\A[0-9a-f]{64}\\z"},"state":{"one":["current","replaced","retired"]},"shares":{"list":{"object":{"index":{"whole":[1,16]},"salt":{"text":"\\A[0-9a-f]{32}\\z"},"commitment":{"text":"\\A[0-9a-f]{64}\\z"},"holders":{"list":{"object":{"id":"#2","name":"#4","returned":{"one":[true,false]}}},"most":64}}},"least":1,"most":16}},"optional":["bytes"]},"most":100}}},"room":{"text":"\\A/[^\\0]*\\z","most":4001}},"optional":["enrol","workstation","printers","keyStores","custody","shareSets","room"]},
"package": {"either":[{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["ibm-key-protect"]},"service":"#63","purpose":"#66","algorithm":{"one":["RSAES_OAEP_SHA_256"]},"expires":"#68","fields":{"object":{"payload":"#69","encryptedNonce":{"text":"","form":"base64","least":40,"most":40},"iv":{"text":"","form":"base64","least":16,"most":16},"encryptionAlgorithm":{"one":["RSAES_OAEP_SHA_256"]}}}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["ibm-hpcs"]},"service":{"object":{"instance":"#64","region":"#65"}},"purpose":"#66","algorithm":{"one":["RSAES_OAEP_SHA_1"]},"expires":"#68","fields":{"object":{"payload":"#69","encryptedNonce":"#70","iv":"#70","encryptionAlgorithm":{"one":["RSAES_OAEP_SHA_1"]}}}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["aws-kms"]},"service":{"object":{"region":{"text":"\\A[a-z0-9-]{1,32}\\z"},"importToken":"#71"}},"purpose":{"object":{"do":{"one":["create","rotate"]},"key":"#72"}},"algorithm":{"one":["RSAES_OAEP_SHA_256"]},"expires":"#68","fields":{"object":{"KeyId":"#72","ImportToken":"#71","EncryptedKeyMaterial":{"text":"","form":"base64","least":512,"most":684},"ExpirationModel":{"one":["KEY_MATERIAL_DOES_NOT_EXPIRE"]},"ImportType":{"one":["NEW_KEY_MATERIAL"]}},"optional":["ImportType"]}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["google-cloud-kms"]},"service":{"object":{"importJob":"#73","protectionLevel":{"one":["HSM","SOFTWARE"]}}},"purpose":{"object":{"do":{"one":["create","rotate"]},"key":{"text":"\\Aprojects/[a-z0-9:.-]{1,63}/locations/[a-z0-9-]{1,63}/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}\\z"}}},"algorithm":{"one":["RSA_OAEP_3072_SHA256_AES_256","RSA_OAEP_4096_SHA256_AES_256"]},"expires":"#68","fields":{"object":{"algorithm":{"one":["GOOGLE_SYMMETRIC_ENCRYPTION"]},"importJob":"#73","wrappedKey":{"text":"","form":"base64","least":568,"most":736}}}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["azure-key-vault"]},"service":{"object":{"kid":"#74","keyOps":{"list":{"one":["import"]},"least":1,"most":1}}},"purpose":{"object":{"do":{"one":["create","rotate"]},"name":{"text":"\\A[0-9A-Za-z-]{1,127}\\z"}}},"algorithm":{"one":["CKM_RSA_AES_KEY_WRAP"]},"expires":"#75","fields":{"object":{"schema_version":{"one":["1.0.0"]},"header":{"object":{"kid":"#74","alg":{"one":["dir"]},"enc":{"one":["CKM_RSA_AES_KEY_WRAP"]}}},"ciphertext":{"text":"\\A[A-Za-z0-9_-]{395,736}\\z"},"generator":{"one":["Keyrite"]}}}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["openbao-transit"]},"service":{"object":{"address":{"text":"\\Ahttps://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?\\z"},"mount":{"text":"\\A[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,7}\\z"}}},"purpose":{"object":{"do":{"one":["create","rotate"]},"name":{"text":"\\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\\z"}}},"algorithm":{"one":["RSA_OAEP_4096_SHA256_AES_256_KWP"]},"expires":"#75","fields":{"object":{"ciphertext":{"text":"","form":"base64","least":736,"most":736},"hash_function":{"one":["SHA256"]},"type":{"one":["aes256-gcm96"]}},"optional":["type"]}}},{"object":{"keyrite":{"one":["key-package/1"]},"publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"checkValue":"#62","wrappedIn":{"one":["token","share-process"]},"ceremony":"#2","line":{"whole":[0,null]},"target":{"one":["cms"]},"service":{"object":{"recipient":"#4"}},"purpose":{"object":{"do":{"one":["create","rotate"]},"name":"#4"}},"algorithm":{"one":["RSAES_OAEP_SHA_256_AES_256_CBC"]},"expires":"#75","fields":{"object":{"contentType":{"one":["application/cms"]},"enveloped":{"text":"","form":"base64","least":700,"most":1200}}}}}]},
"receipt": {"object":{"format":{"one":["keyrite-receipt/1"]},"ceremony":"#2","mode":{"one":["rehearsal","production"]},"package":"#5","target":{"one":["ibm-key-protect"]},"service":"#63","purpose":"#66","publicKeySha256":{"text":"\\A[0-9a-f]{64}\\z"},"key":{"object":{"id":"#67","version":{"either":[{"one":[null]},"#67"]}}},"outcome":{"one":["accepted","found"]},"at":{"text":"","form":"instant"},"response":{"object":{"status":{"whole":[200,299]},"sha256":{"text":"\\A[0-9a-f]{64}\\z"},"correlation":"#4"}},"signature":{"either":[{"one":[null]},{"object":{"by":"#2","algorithm":"#11","value":{"text":"","form":"base64"}}}]}},"optional":["mode"]},
"addendum opened": {"object":{"format":{"one":["keyrite-addendum/1"]},"ceremony":"#2","mode":{"one":["rehearsal","production"]},"number":{"whole":[1,9999]},"closed":{"object":{"size":{"whole":[1,null]},"root":{"text":"\\A[0-9a-f]{64}\\z"}}},"previous":"#33","reason":{"text":"","least":1,"most":4000},"app":{"object":{"name":{"text":"","most":200},"version":{"text":"","most":200},"sha256":{"text":"\\A[0-9a-f]{64}\\z"},"runtime":{"text":"","most":200}}}}},
"addendum fact": {"either":[{"object":{"fact":{"one":["receipt"]},"value":{"object":{"package":"#14","text":{"text":"","least":1,"most":4000}}},"files":"#76"}},{"object":{"fact":{"one":["timestamp"]},"value":{"object":{"checkpoint":{"text":"\\A[0-9a-f]{64}\\z"},"genTime":{"text":"\\A[0-9]{14}(?:\\.[0-9]{1,9})?Z\\z"},"text":{"text":"","least":1,"most":4000}}},"files":"#76"}},{"object":{"fact":{"one":["correction"]},"value":{"object":{"line":{"either":[{"one":[null]},{"whole":[0,null]}]},"text":{"text":"","least":1,"most":4000}}},"files":"#77"}},{"object":{"fact":{"one":["destruction"]},"value":"#78","files":"#77"}},{"object":{"fact":{"one":["cosignature"]},"value":{"object":{"participant":"#2","envelope":"#16","text":{"text":"","least":1,"most":4000}}},"files":{"list":"#14","least":0,"most":0}}},{"object":{"fact":{"one":["attachment"]},"value":"#78","files":{"list":"#14","least":1,"most":100}}}]}
}
'
printf '%s\n' "$shapes" >"$tmp/shapes"
shapes_in_jq='
# Length in UTF-16 code units.
def units: length + ([explode[] | select(. > 65535)] | length);
def real_time: (.[0:4] | tonumber) as $y | (.[5:7] | tonumber) as $m | (.[8:10] | tonumber) as $d
  | $m >= 1 and $m <= 12 and $d >= 1
    and $d <= [31, (if $y % 4 == 0 and ($y % 100 != 0 or $y % 400 == 0) then 29 else 28 end), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][$m - 1]
    and (.[11:13] | tonumber) < 24 and (.[14:16] | tonumber) < 60 and (.[17:19] | tonumber) < 60;
def instant: type == "string" and test("\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z\\z") and real_time;
# Where a value departs from a shape: paths.
def departs($all; $s; $at): . as $v | type as $t
  | if $s == true then empty
    elif ($s | type) == "string" then departs($all; $all[$s]; $at)
    elif $s.object != null then
      if $t != "object" then $at
      else ((($s.object | keys) - keys - ($s.optional // []))[] | "\($at).\(.)"),
        (keys_unsorted[] as $k | if $s.object | has($k) then .[$k] | departs($all; $s.object[$k]; "\($at).\($k)")
          elif $s.more then empty else "\($at).\($k)" end) end
    elif $s.map then (if $t == "object" then empty else $at end)
    elif $s.list != null then
      if $t != "array" or length < ($s.least // 0) or ($s.most != null and length > $s.most) then $at
      else range(0; length) as $i | .[$i] | departs($all; $s.list; "\($at)[\($i)]") end
    elif $s.text != null then
      if $t != "string" or ($s.text != "" and (test($s.text) | not)) or ($s.least != null and units < $s.least)
        or ($s.most != null and units > $s.most) or ($s.form == "base64" and (base64 | not))
        or ($s.form == "instant" and (instant | not)) or ($s.form == "time" and (real_time | not)) then $at else empty end
    elif $s.whole != null then
      if $t != "number" or . != floor or ($s.whole[0] != null and . < $s.whole[0]) or ($s.whole[1] != null and . > $s.whole[1])
      then $at else empty end
    elif $s.one != null then (if any($s.one[]; . == $v) then empty else $at end)
    elif any($s.either[]; . as $one | [$v | limit(1; departs($all; $one; ""))] == []) then empty
    else $at end;
def fits($all; $name): [limit(1; departs($all; $name; ""))] == [];
# JSON in base64 that may be laid out freely, but in which no member stands twice; null when it is none.
def loose_json: . as $file | try (
  (@base64d | if @base64 == $file then ltrimstr("\ufeff") else error("no UTF-8") end) as $text
  | ($text | fromjson) as $value
  | def fine($depth): $depth <= 32 and (
      if type == "object" then all(keys_unsorted[]; test("\\A[ -~]*\\z")) and all(.[]; fine($depth + 1))
      elif type == "array" then all(.[]; fine($depth + 1))
      elif type == "number" then . == floor and (tostring | startswith("-0") | not) and . <= 9007199254740991 and . >= -9007199254740991
      elif type == "string" then (explode | index(127)) == null else true end);
    # In JSON each colon outside a text stands for one member.
    ($text | split("\\\\") | join("") | split("\\\"") | join("") | split("\"") | [.[range(0; length; 2)]] | join("") | split(":") | length - 1) as $colons
  | if ($value | type) == "object" and ([$value | .. | objects | length] | add) == $colons and ($value | fine(0)) then $value
    else error("no such JSON") end) catch null;
'

: >"$tmp/approvals"
grep '^approvals/\|^sessions/[0-9]*/approvals/' "$tmp/names" >"$tmp/approval-names"
while IFS= read -r name; do
  [ "$(wc -c <"$name")" -le 1048577 ] || refuse "$name: is longer than 1 MiB"
  [ "$(wc -l <"$name")" -eq 1 ] || refuse "$name: is not one line"
  cat "$name" >>"$tmp/approvals"
done <"$tmp/approval-names"

jq -rn --slurpfile T "$tmp/transcript" --slurpfile A "$tmp/approvals" --slurpfile C "$tmp/checkpoints" "$bytes_in_jq"'
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
# That an identity is the SHA-256 of its key, for the shell to see.
def identity($where; $id; $spki): if ($id | hex64) and ($spki | base64) then "H \($id) \($spki)"
  else finding($where; "an identity is not the SHA-256 of its key") end;

# A signature by a key that is told, over a text, for the shell to check: of the reading in line $name, or of a share ("s", its line).
def vouched($name; $key; $signature; $text): "R \($name) \($key.algorithm) \($signature | map(octal) | join("")) \($text | @base64 | bytes | map(octal) | join("")) \($key.spki | [range(0; length; 64) as $at | .[$at:$at + 64]] | join(" "))";

# Everybody who was ever on the roster: line 0, later sessions, those enrolled on the day; the first entry of each id counts.
def everybody: reduce ($T[0].body.roster[], ($T[1:][] | objects
    | if .type == "ceremony.resumed" then .body.session.roster // empty | .[]
      elif .type == "participant.enrolled" then .body.participant else empty end)) as $one
  ([]; if any(.[]; .id == $one.id) then . else . + [$one] end);
(if $T[0].type == "ceremony.opened" and ($T[0].body.roster | type) == "array" then everybody else null end) as $roster
| if $T[0].type != "ceremony.opened" or ($roster | type) != "array" then finding("transcript.jsonl line 0"; "does not open a ceremony")
  elif any($roster[]; (.id | id | not) or (.key.spki | base64 | not)) then finding("transcript.jsonl line 0"; "its roster is malformed")
  else
    ($roster | map({key: .id, value: .key}) | from_entries) as $keys
    | ( $roster[]
        | if .key | proper_key then "K \(.id) \(.key.spki | [range(0; length; 64) as $i | .[$i:$i + 64]] | join(" "))"
          else finding("transcript.jsonl line 0"; "the key of \(.id) is not a plain key of its algorithm") end ),
      # Identities of units, and what their readings prove: R lines.
      ( range(0; $T | length) as $i | "transcript.jsonl line \($i)" as $where | $T[$i]
        | if .type == "fact.recorded" and .body.fact == "unit.connected" then .body.value | identity($where; .identity; .spki)
          elif (.type == "step.outcome" and .body.act != null) or (.type == "step.reconciled" and .body.verdict == "applied")
            then .body.result // .body.observed | select(made_identity) | identity($where; .id; .spki)
          else empty end ),
      ( range(0; $T | length) as $i | "transcript.jsonl line \($i)" as $where | $T[$i]
        | if .type == "fact.recorded" then .body.value elif .type == "step.reconciled" then .body.observed + {unit: ""} else empty end
        | select(meant_as_reading)
        | if is_reading | not then finding($where; "holds a reading of a unit that cannot be read")
          else .identity as $identity | (.challenge.signature | bytes) as $b
            | if ($identity | proper_key | not) or ($b | length) == 0
                or (($identity.algorithm | startswith("ecdsa")) and ($b | strict_der | not))
                or ($identity.algorithm == "rsa-pss-sha256" and ($b | length) != ($identity.spki | rsa_bytes))
              then finding($where; "a unit did not prove its identity")
              else identity($where; $identity.id; $identity.spki),
                vouched("\($i)"; $identity; $b; "keyrite/identity-challenge/1\u0000\(.challenge.nonce)") end
          end ),
      # Key pairs to which shares were encrypted, for which custodians vouch: R lines too.
      ( range(0; $T | length) as $i | "transcript.jsonl line \($i)" as $where | $T[$i]
        | (if .type == "step.outcome" and .body.act != null then .body.result
           elif .type == "step.reconciled" and .body.verdict == "applied" then .body.observed else null end)
        | select(type == "object" and .readBack == true and (.index | type) == "number" and (.custodian | type) == "string"
            and (.custody | type) == "object" and .custody.form == "own-token")
        | . as $done | $keys[.custodian] as $key | .custody as $custody
        | if $key == null or (.set | type) != "string" or ($custody.signature | base64 | not) or ($custody.spki | base64 | not)
            or ($custody.oaep | IN("sha256", "sha1") | not)
          then finding($where; "no custodian vouches for the key pair to which a share was encrypted")
          else ($custody.signature | bytes) as $b
            | if ($key | proper_key | not) or ($b | length) == 0
                or (($key.algorithm | startswith("ecdsa")) and ($b | strict_der | not))
                or ($key.algorithm == "rsa-pss-sha256" and ($b | length) != ($key.spki | rsa_bytes))
              then finding($where; "no custodian vouches for the key pair to which a share was encrypted")
              else vouched("s\($i)"; $key; $b;
                "keyrite/share-key/1\u0000\($done.set)\u0000\($done.index)\u0000\($custody.oaep)\u0000\($custody.spki)") end
          end ),
      ( ( range(0; $T | length) as $i | $T[$i]
          | if .type == "participant.present" then {type: "presence", envelope: .body.proof}
            elif .type == "exception.recorded" then {type: "exception", envelope: .body.record}
            elif .type == "participant.enrolled" then {type: "enrolment", envelope: .body.record}
            elif .type == "fact.recorded" and .body.fact == "custody"
              then {type: "custody", envelope: (.body.value | if type == "object" then .record else null end)}
            elif .type == "fact.recorded" and .body.fact == "share"
              then {type: "share", envelope: (.body.value | if type == "object" then .record else null end)}
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
                elif $algorithm == "rsa-pss-sha256" and ($b | length) != ($keys[.keyid].spki | rsa_bytes)
                then finding($one.where; "the signature of \(.keyid) is not as long as its key")
                else "S \($one.id) \(.keyid) \($algorithm) \($b | map(octal) | join(""))" end )
          end )
  end' >"$tmp/jobs" 2>/dev/null || refuse 'transcript.jsonl or an approval: is not JSON of the right shape'

: >"$tmp/payloads"
: >"$tmp/payload-names"
: >"$tmp/verify"
: >"$tmp/identities"
: >"$tmp/readings"
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
      printf '%s\n' "$name" >>"$tmp/payload-names"
      printf '%s' "$rest" >"$tmp/payload/$name"
      ;;
    M) printf '%s' "$rest" >"$tmp/message/$name" ;;
    S)
      count=$((count + 1))
      printf '%s %s %s\n' "$count" "$name" "${rest% *}" >>"$tmp/verify"
      printf '%b' "${rest##* }" >"$tmp/signature/$count"
      ;;
    H) printf '%s %s\n' "$name" "$rest" >>"$tmp/identities" ;;
    R)
      printf '%s %s\n' "$name" "${rest%% *}" >>"$tmp/readings"
      rest=${rest#* }
      printf '%b' "${rest%% *}" >"$tmp/reading/$name.signature"
      rest=${rest#* }
      printf '%b' "${rest%% *}" >"$tmp/reading/$name.message"
      {
        printf '%s\n' '-----BEGIN PUBLIC KEY-----'
        # shellcheck disable=SC2086 # the lines of the key are words
        printf '%s\n' ${rest#* }
        printf '%s\n' '-----END PUBLIC KEY-----'
      } >"$tmp/reading/$name.pem"
      ;;
  esac
done <"$tmp/jobs"

# A unit's identity is the SHA-256 of its key.
sort -u "$tmp/identities" >"$tmp/identities-once"
while read -r id key; do
  [ "$(printf '%s\n' "$key" | base64 -d | sha256sum | cut -c1-64)" = "$id" ] ||
    refuse 'transcript.jsonl: the identity of a unit is not the SHA-256 of its key'
done <"$tmp/identities-once"

# --- Canonical form of everything that is JSON --------------------------------------------------------------------------

{ cat "$tmp/transcript" plan.json && echo && cat binding.json && echo && cat "$tmp/session-json" "$tmp/approvals" "$tmp/payloads"; } >"$tmp/json"
# Whether every line of the file $1 is JSON within the limits; its canonical form goes to $tmp/canonical.
within_limits() {
  jq -cS '
def fine($depth): $depth <= 32 and (
  if type == "object" then all(keys_unsorted[]; test("^[ -~]*\\z")) and all(.[]; fine($depth + 1))
  elif type == "array" then all(.[]; fine($depth + 1))
  elif type == "number" then (tostring | test("^(0|-?[1-9][0-9]*)\\z")) and . <= 9007199254740991 and . >= -9007199254740991
  elif type == "string" then (explode | index(127)) == null
  else true end);
if fine(0) then . else error("not canonical") end' <"$1" >"$tmp/canonical" 2>/dev/null
}
within_limits "$tmp/json" ||
  refuse 'transcript.jsonl, plan.json, binding.json, an approval or a signed payload: is not JSON within the limits'
cmp -s "$tmp/json" "$tmp/canonical" ||
  refuse 'transcript.jsonl, plan.json, binding.json, an approval or a signed payload: is not in canonical form'

# --- Shapes of everything that is JSON -------------------------------------------------------------------------------------

jq -rn --slurpfile S "$tmp/shapes" --slurpfile T "$tmp/transcript" --slurpfile PLAN plan.json --slurpfile BINDING binding.json \
  --slurpfile SB "$tmp/sessions" --slurpfile Y "$tmp/payloads" --rawfile NAMES "$tmp/payload-names" "$bytes_in_jq$shapes_in_jq"'
$S[0] as $all | ($NAMES | split("\n")) as $names
| def shaped($where; $name): if $all[$name] == null then "\($where): is of an unknown type"
    else limit(1; departs($all; $name; "")) | "\($where): is not as the schema says: \(if . == "" then $name else .[1:] end)" end;
  ( range(0; $T | length) as $i | "transcript.jsonl line \($i)" as $where | $T[$i]
    | if fits($all; "line") then .type as $type | .body | shaped($where; "body \($type)") else shaped($where; "line") end ),
  ( $PLAN[0] | shaped("plan.json"; "plan") ),
  ( $BINDING[0] | shaped("binding.json"; "binding") ),
  ( $SB[] | .name as $name | .binding | shaped($name; "binding") ),
  ( range(0; $Y | length) as $i | $Y[$i]
    | shaped("what is signed in \($names[$i] | if startswith("l") then "transcript.jsonl line \(.[1:])" else "an approval" end)";
        "payload \(.format | tostring | ltrimstr("keyrite-") | rtrimstr("/1"))") )
' >"$tmp/departures" 2>/dev/null || refuse 'transcript.jsonl, plan.json or binding.json: something in it is not of the right shape'
odd=$(head -n 1 "$tmp/departures" | tr -cd '[:print:]')
[ -z "$odd" ] || refuse "$odd"

# --- Keys: every file equals the roster ----------------------------------------------------------------------------------

(cd "$tmp" && find keys -type f | sort | xargs sha256sum) >"$tmp/expected-keys"
grep '^[0-9a-f]*  keys/' "$tmp/sums" | cmp -s - "$tmp/expected-keys" || refuse 'keys: do not equal the roster'
for name in "$tmp"/keys/*.pem; do
  id=${name##*/}
  printf '%s  %s\n' "$(sed '1d;$d' "$name" | base64 -d | sha256sum | cut -c1-64)" "${id%.pem}"
done >"$tmp/key-hashes"

# Key packages: at most 64 KiB each.
: >"$tmp/packages"
grep '^packages/' "$tmp/names" | while IFS= read -r name; do
  [ "$(wc -c <"$name")" -gt 65536 ] || printf '{"name":"%s","base64":"%s"}\n' "$name" "$(base64 <"$name" | tr -d '\n')" >>"$tmp/packages"
done

# Manifests of rotations: lines of one form, in the order of the names. One that is otherwise gets no row.
line_of_manifest='^{"checkValue":{"algorithm":"\(aes-cmac","value":"[0-9a-f]\{10\}\|spki-sha256","value":"[0-9a-f]\{64\}\)"},"name":"[a-z0-9][a-z0-9-]\{0,62\}","new":"[0-9a-f]\{64\}","old":"[0-9a-f]\{64\}"}$'
: >"$tmp/manifests"
grep '^attachments/[^/]*\.rotation\.jsonl$' "$tmp/names" | while IFS= read -r name; do
  [ "$(wc -c <"$name")" -le 67108864 ] || continue
  [ -z "$(tail -c 1 "$name" | tr -d '\n')" ] || continue
  ! grep -qv "$line_of_manifest" "$name" || continue
  ! grep -q '"value":"0\{10\}"\|"new":"\([0-9a-f]*\)","old":"\1"' "$name" || continue
  sed 's/.*"name":"\([^"]*\)".*/\1/' "$name" | sort -cu 2>/dev/null || continue
  inventory=$(sed 's/.*"name":"\([^"]*\)".*"old":"\([^"]*\)"}$/\2  \1.wrappedkey.json/' "$name" | sha256sum | cut -c1-64)
  jq -cs --arg name "$name" --arg inventory "$inventory" \
    '{name: $name, inventory: $inventory, keys: length, old: (map({key: .name, value: .old}) | from_entries)}' <"$name" >>"$tmp/manifests"
done

# --- The record: chain, frame, roster, files, steps, people, commands, checkpoints ------------------------------------------

(cd "$tmp/payload" && find . -type f | sed 's/^..//' | xargs sha256sum) >"$tmp/payload-hashes"
# Hashes of states that jq asked for; see known_hash.
echo '{}' >"$tmp/hashes-of-states"
record_in_jq='
def rows: split("\n") | map(select(. != ""));
def table: rows | map({key: .[66:], value: .[0:64]}) | from_entries;
($HASHES | rows) as $H | ($SUMS | table) as $F | ($PAYLOADS | table) as $PH | ($KEYS | table) as $PINS
| $PLAN[0] as $P | $BINDING[0] as $B | $T[0].body as $O | ($T | length) as $N
| ("0" * 64) as $zeros | $KNOWN[0] as $HASHES_OF_STATES
| ($T[$N - 1].type == "ceremony.closed") as $closed
| ($F | has("SHA256SUMS")) as $summed
# Who joined the roster, at which line and in which position; the first entry of an id counts.
| [ ($O.roster[] | {i: 0, entry: .}),
    (range(1; $N) as $i | $T[$i] | if type != "object" or (.body | type) != "object" then empty
     elif .type == "ceremony.resumed" then (.body.session | objects | .roster | arrays | .[] | {i: $i, entry: .})
     elif .type == "participant.enrolled" then {i: $i, entry: .body.participant} else empty end) ] as $entries
| (reduce $entries[] as $e ({}; if has($e.entry.id | tostring) then . else .[$e.entry.id | tostring] = $e end)) as $joined
| [$joined[].entry] as $everybody
| ($everybody | map(.id)) as $people
| [range(1; $N) as $i | $T[$i] | select(type == "object" and .type == "ceremony.resumed" and (.body | type) == "object" and .body.session != null)
   | {i: $i, session: .body.session, files: .body.files}] as $sessions
# The bindings by session, with the line from which each is in force.
| ([{i: 0, number: 1, binding: $B, folder: ""}] + [$sessions[] | ("sessions/\("000\(.session.number)"[-4:])/") as $folder
    | {i, number: .session.number, folder: $folder, binding: ([$SB[] | select(.name == "\($folder)binding.json")][0].binding)}]) as $bindings
| (reduce ($bindings[] | .binding | objects | .people[]) as $one
     (reduce ($T[] | select(type == "object" and .type == "participant.enrolled") | .body) as $e
        ({}; .[$e.participant.id | tostring] = (try ($e.record.payload | @base64d | fromjson | .position) catch null));
      if has($one.id) then . else .[$one.id] = $one.position end)) as $seats
| ($P.steps | map(.id)) as $steps

| def wrong($where; $text): "F \($where): \($text)";
  def lacks($where; $text): "L \($where): \($text)";
  def at($i; $text): wrong("transcript.jsonl line \($i)"; $text);
  def hex($n): type == "string" and test("^[0-9a-f]{\($n)}\\z");
  def id: type == "string" and test("^[a-z0-9][a-z0-9-]{0,62}\\z");
  def payload: .payload | @base64d | fromjson;
  def signers: .signatures | map(.keyid);
  def roles($id): $everybody[] | select(.id == $id) | .roles[];
  def on_roster($id; $i): ($id | type) == "string" and $joined[$id] != null and $joined[$id].i <= $i;
  def binding_at($i): [$bindings[] | select(.i <= $i)][-1].binding;
  # Who is there when line $i is written: they proved presence in this session, or were enrolled, and have not left.
  def there_at($i): reduce $T[0:$i][] as $l ([]; if $l.type == "participant.present" then . + [$l.body.participant]
    elif $l.type == "participant.enrolled" then . + [$l.body.participant.id]
    elif $l.type | IN("participant.left", "participant.replaced") then . - [$l.body.participant]
    elif $l.type == "ceremony.resumed" and $l.body.session != null then [] else . end);
  # How many of the people $signers have the role.
  def with_role($role; $signers): [$everybody[] | select((.roles | index($role)) and (.id as $id | $signers | index($id)))] | length;
  def shortfall($quorum; $signers): first($quorum[] | select(with_role(.role; $signers) < .count)) // null;
  def sorted: if type == "object" then . as $o | reduce keys[] as $k ({}; .[$k] = ($o[$k] | sorted))
    elif type == "array" then map(sorted) else . end;
  def trimmed: gsub("\\A[ \n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+|[ \n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+\\z"; "");
  def member($name): if type == "object" then .[$name] else null end;
  def is_set: type == "object" and (.set | type) == "string" and (.scheme | type) == "string" and (.threshold | type) == "number" and (.pattern | type) == "string" and (.shares | type) == "array"
    and all(.shares[]; type == "object" and (.index | type) == "number" and (.commitment | type) == "string");
  # A master key that a unit made inside itself counts as a set without shares.
  def made_set: member("madeInside") as $inside
    | if $inside | type == "object" and (.key | type) == "string" and (.pattern | type) == "string"
      then {set: $inside.key, pattern: $inside.pattern, scheme: "in-unit", threshold: 0, shares: []} else member("shareSet") end;
'

frame_rules='
  # What stands around each line, and who is in it.
  def frames: range(0; $N) as $i | $T[$i]
    | if .seq != $i then at($i; "seq is not \($i)")
      elif .prev != (if $i == 0 then $zeros else $H[$i - 1] end) then at($i; "prev is not the SHA-256 of the line before: the chain is broken")
      elif $i > 0 and .at < $T[$i - 1].at and ((.type == "exception.recorded" and .body.kind == "clock") | not) then at($i; "is earlier than the line before")
      elif .step != null and (.step as $s | $steps | index([$s]) == null) then at($i; "names a step that the plan lacks")
      elif .body | has("witness") and (.witness | length > (unique | length)) then at($i; "names a witness twice")
      elif any(.by[]; . as $id | on_roster($id; $i) | not) then at($i; "names somebody who is not on the roster")
      elif .type == "ceremony.opened" and $i > 0 then at($i; "opens the ceremony again")
      elif .type == "ceremony.closed" and $i < $N - 1 then at($i; "closes the ceremony, but lines follow")
      elif .type == "participant.enrolled" then
        (if .step == null then at($i; "enrols nobody in a step") else empty end)
      elif (.type | startswith("participant.") or . == "checkpoint.signed") and (on_roster(.body.participant; $i) | not)
        then at($i; "is about somebody who is not on the roster")
      elif .type == "participant.replaced" and (on_roster(.body.by; $i) | not) then at($i; "is about somebody who is not on the roster")
      elif .type == "fact.recorded" and ($S[0]["fact \(.body.fact)"] == null) then at($i; "tells a fact that there is none of")
      elif .type == "fact.recorded" and (.body.fact as $fact | .body.value | fits($S[0]; "fact \($fact)") | not)
        then at($i; "tells a fact in another form than its own")
      elif any(("parameters", "expected", "result", "observed") as $member | .body | has($member) and (.[$member] | fits($S[0]; "act \($member)") | not); .)
        then at($i; "says of an act what has another form")
      else empty end;

  # Lists in which an id stands twice.
  def ids_twice: to_entries[] | select(.value | type == "array") | .key as $list
    | [.value[] | objects | .id | strings] | select((unique | length) < length) | $list;
  # Steps with clear components or shares on the workstation, where the regime of the plan forbids them.
  def clear_components: select(.regime == "pci-pin") | (.masterKey.scheme == "in-unit") as $inside | .steps[]
    | select(.action | IN("shares.distribute", "shares.drill", "shares.transfer", "shares.reshare")
        or (($inside | not) and IN("master-key.generate", "master-key.load"))) | .id;
  # Line 0 against plan, binding and files.
  def opening:
    ($P.positions | map({key: .id, value: .role}) | from_entries) as $positions
    | [$B.people[] | {id, name, roles: [$positions[.position]], key}] as $roster
    | if $O.plan.sha256 != $F["plan.json"] then wrong("plan.json"; "is not the one that line 0 names by hash")
      elif $O.binding.sha256 != $F["binding.json"] then wrong("binding.json"; "is not the one that line 0 names by hash")
      elif ["plan.yaml", "binding.yaml"] - ($O.files | map(.name)) != [] then at(0; "does not name plan.yaml and binding.yaml")
      elif $B.ceremony != $O.ceremony or $B.mode != $O.mode or $B.plan != $O.plan.sha256 then wrong("binding.json"; "is of another ceremony, mode or plan")
      elif [$P | ids_twice] != [] then wrong("plan.json"; "an id stands twice in \([$P | ids_twice][0])")
      elif [$bindings[].binding | objects | ids_twice] != [] then wrong("binding.json, of a session perhaps"; "an id stands twice in \([$bindings[].binding | objects | ids_twice][0])")
      elif [$P | clear_components] != [] then wrong("plan.json"; "step \([$P | clear_components][0]) has clear components on the workstation, under regime pci-pin")
      elif $P.id != $O.plan.id or $P.title != $O.title then at(0; "plan id or title are not those of the plan")
      elif $roster != $O.roster then at(0; "the roster is not the one that plan and binding make")
      elif $P.signOff.quorum != $O.quorum then at(0; "the quorum is not that of the plan")
      elif $O.keysFrom != (if $O.mode == "production" then "plan" else "binding" end) then at(0; "keysFrom does not fit the mode")
      elif ($O.roster | map(.id) | unique | length) != ($O.roster | length) then at(0; "somebody stands on the roster twice")
      elif ($everybody | map(.key.spki) | unique | length) != ($everybody | length) then at(0; "two people have one key")
      elif any($everybody | group_by(.name | ascii_downcase | gsub(" +"; " ") | ltrimstr(" ") | rtrimstr(" "))[] | select(length > 1);
          ([.[].roles[]] | unique) as $held
          | any($P.separationOfDuties[].apart, [$P.signOff.quorum[].role]; unique | map(select(. as $r | $held | index([$r]))) | length > 1))
        then at(0; "people of one name hold duties that the plan keeps apart")
      elif any($O.roster[]; (.roles | unique) as $r | [$O.quorum[].role] | unique | map(select(. as $q | $r | index([$q]))) | length > 1)
        then at(0; "somebody holds two roles that the quorum names")
      elif $O.mode == "production" and any($B.people[]; . as $one
          | ([$P.positions[] | select(.id == $one.position)][0].pinnedKeys // []) as $pinned
          | ($pinned | length) > 0 and ($pinned | index([$PINS[$one.id]]) == null))
        then at(0; "the plan does not pin the key of somebody in a position with pinned keys")
      elif ($NAMES | rows | map(select(startswith("approvals/")))) - ($O.files | map(.name)) != [] then at(0; "does not name every approval")
      else empty end;
  # The approvals of a session: of its binding, by approvers who stood on the roster before it.
  def approved:
    ($NAMES | rows) as $names
    | [range(0; $A | length) as $i | $A[$i] | payload as $p
       | ([$bindings[] | . as $b | select($names[$i] | startswith("\($b.folder)approvals/"))][0]) as $in
       | {i: $i, approver: $p.approver, number: $in.number, holds: (
        $in != null and $p.format == "keyrite-approval/1" and $names[$i] == "\($in.folder)approvals/\($p.approver).dsse.json"
        and signers == [$p.approver] and $p.mode == $O.mode and $p.ceremony == $O.ceremony
        and $p.plan == $O.plan.sha256 and $p.binding == $F["\($in.folder)binding.json"]
        and ($in.number == 1 or on_roster($p.approver; $in.i - 1))
        and any($in.binding.people[]; .id == $p.approver and .position == $P.approval.position))}];
  def approvals:
    ($NAMES | rows) as $names | approved
    | (.[] | select((.holds | not) and .number != null) | wrong($names[.i]; "is not the approval of this person for this plan and binding in this ceremony")),
      ( . as $all | $bindings[] | .number as $n | [$all[] | select(.number == $n)] | length
        | if . < $P.approval.count then wrong("approvals"; "\($P.approval.count) are needed for session \($n), \(.) are there") else empty end );

  # Later sessions: after a pause, with a binding of their own; who stood on the roster before stands on it unchanged.
  def sessions:
    ($P.positions | map({key: .id, value: .role}) | from_entries) as $positions
    | ( range(1; $N) as $i | $T[$i] | select(.type == "ceremony.resumed")
        | if (.body.reason == "pause") != (.body | has("session")) then at($i; "a session begins after a pause, and only then")
          elif (.body.reason == "pause") != ($T[$i - 1].type == "ceremony.paused") then at($i; "the line before does not pause the ceremony")
          elif .body | has("session") != has("files") then at($i; "a session names its files") else empty end ),
      ( range(1; $N - 1) as $i | $T[$i] | select(.type == "ceremony.paused")
        | if $T[$i + 1].type != "ceremony.resumed" then at($i + 1; "the ceremony is paused: only a new session goes on") else empty end ),
      ( if $T[$N - 1].type == "ceremony.paused" then lacks("transcript.jsonl line \($N - 1)"; "the ceremony is paused under seal: a new session goes on") else empty end ),
      ( range(0; $sessions | length) as $k | $sessions[$k] | .i as $i | .session as $s | $bindings[$k + 1] as $in | $in.binding as $b
        | if $s.number != $k + 2 then at($i; "does not open session \($k + 2)")
          elif ($b | type) != "object" then wrong("\($in.folder)binding.json"; "is not there")
          elif $s.binding.sha256 != $F["\($in.folder)binding.json"] then wrong("\($in.folder)binding.json"; "is not the one that the session names by hash")
          elif $b.ceremony != $O.ceremony or $b.mode != $O.mode or $b.plan != $O.plan.sha256 then wrong("\($in.folder)binding.json"; "is of another ceremony, mode or plan")
          elif [$b.people[] | {id, name, roles: [$positions[.position]], key}] != $s.roster then at($i; "the roster is not the one that plan and binding make")
          elif ($s.roster | map(.id) | unique | length) != ($s.roster | length) then at($i; "somebody stands on the roster twice")
          elif any($s.roster[]; . as $one | $joined[.id] != null and $joined[.id].entry != $one) then at($i; "somebody who stood on the roster is another now")
          elif any($b.people[]; $seats[.id] != .position) then at($i; "somebody has another position than before")
          elif any($s.roster[]; (.roles | unique) as $r | [$O.quorum[].role] | unique | map(select(. as $q | $r | index([$q]))) | length > 1)
            then at($i; "somebody holds two roles that the quorum names")
          elif $O.mode == "production" and any($b.people[]; . as $one
              | ([$P.positions[] | select(.id == $one.position)][0].pinnedKeys // []) as $pinned
              | ($pinned | length) > 0 and ($pinned | index([$PINS[$one.id]]) == null))
            then at($i; "the plan does not pin the key of somebody in a position with pinned keys")
          elif ([$F | keys[] | select(startswith($in.folder))]) - ($sessions[$k].files | map(.name)) != [] or $F["\($in.folder)binding.yaml"] == null
            then at($i; "does not name every file of its session")
          else empty end );

  # People who were enrolled on the day: two others who are there vouch, and all three sign.
  def enrolments: range(0; $N) as $i | $T[$i] | select(.type == "participant.enrolled")
    | . as $line | .body as $b | ($b.record | payload) as $p | ([$P.steps[] | select(.id == $line.step)][0]) as $step
    | ([$P.positions[] | select(.id == $step.position)][0]) as $position
    | if $step.action != "enrol" then at($i; "enrols somebody outside a step that enrols")
      elif $p.format != "keyrite-enrolment/1" or $p.mode != $O.mode or $p.ceremony != $O.ceremony or $p.participant != $b.participant or $p.identification != $b.identification
          or $p.head != $line.prev or $p.position != $step.position
        then at($i; "the enrolment is of another moment, ceremony, person or position")
      elif $b.participant.roles != [$position.role] then at($i; "the participant is not one of the position")
      elif $joined[$b.participant.id].i != $i then at($i; "somebody of this id stands on the roster already")
      elif ($b.vouchers | length) != 2 or ($b.vouchers | unique) != $b.vouchers or ($b.vouchers | index([$b.participant.id]))
          or any($b.vouchers[]; (on_roster(.; $i - 1) | not) or ($seats[.] as $seat | $step.vouchers | index([$seat]) == null))
        then at($i; "two other people of the positions that may vouch must vouch")
      elif there_at($i) as $there | any($b.vouchers[]; . as $id | $there | index([$id]) == null)
        then at($i; "somebody vouches who is not there")
      elif ($b.record | signers) != ([$b.participant.id] + $b.vouchers | sort) then at($i; "the enrolment is not signed by the participant and both vouchers")
      elif $line.by != $b.vouchers then at($i; "is not by the vouchers")
      elif ($b.files | map(.name) | index(["keys/\($b.participant.id).pem"])) == null then at($i; "does not name the key of the participant")
      elif $O.mode == "production" and ($position.pinnedKeys | length) > 0 and ($position.pinnedKeys | index([$PINS[$b.participant.id]])) == null
        then at($i; "the plan does not pin the key of the participant")
      else empty end;

  # The custody ledger: from the balance in the binding on, each object goes from state to state by what two people signed
  # who were there, one who keeps it and one who watches.
  def custody:
    (reduce (($B.custody.objects // [])[]) as $o ({}; .[$o.object] = $o)) as $begins
    | (reduce ($T[] | select(.type == "step.outcome" and .body.act == null)) as $l ({}; .[$l.step | tostring] = true)) as $complete
    | ( if ($begins | length) < ($B.custody.objects // [] | length) then wrong("binding.json"; "its custody ledger has one object twice") else empty end ),
      ( $P.materials[] | select(.ledger != null) | . as $m | $begins[$m.id] as $o
        | if $m.ledger == "new" then (if $o == null then empty else wrong("binding.json"; "its custody ledger has \($m.id), which comes into custody by the plan") end)
          elif $o != null and $o.kind == $m.kind and $o.state == "sealed" and $o.place == $m.at then empty
          else wrong("binding.json"; "its custody ledger does not have \($m.id) where the plan says") end ),
      ( $sessions[] | .i as $i | select(binding_at($i).custody != $B.custody)
        | at($i; "the binding of the session carries another custody ledger than the first") ),
      ( reduce range(0; $N) as $i ({ledger: $begins, there: [], excepted: [], done: {}, out: []}; $T[$i] as $l
          | if $l.type | IN("participant.left", "participant.replaced") then .there -= [$l.body.participant]
            elif $l.type == "participant.present" then .there += [$l.body.participant]
            elif $l.type == "participant.enrolled" then .there += [$l.body.participant.id]
            elif $l.type == "ceremony.resumed" and $l.body.session != null then .there = []
            elif $l.type == "exception.recorded" and $l.body.kind == "materials" then .excepted += [$l.step]
            elif $l.type != "fact.recorded" or $l.body.fact != "custody" then .
            elif $l.body.value | fits($S[0]; "fact custody") | not
              then .out += [at($i; "tells of something in custody that cannot be read")]
            else $l.body.value as $v | .there as $there | .ledger[$v.object | tostring] as $before | ($v.record | payload) as $p
              | ($v.record | signers) as $signers
              | ([$P.steps[] | select(.id == $l.step)][0]) as $step | ([$P.materials[] | select(.id == $v.object)][0]) as $m
              | ($v.act | IN("in", "closed")) as $puts | ($before.state // "absent") as $state
              | if $step.action != "custody" or $step.act != $v.act or ($step.objects | index([$v.object])) == null or $m == null
                then .out += [at($i; "the plan does not do that with the object in this step")]
                elif $p != {format: "keyrite-custody/1", mode: $O.mode, ceremony: $O.ceremony, step: $l.step, act: $v.act, object: $v.object,
                    kind: $m.kind, seal: $v.seal, place: $v.place, head: $l.prev}
                then .out += [at($i; "what was signed of the object is of another moment, ceremony, step or object")]
                elif ($signers | length) != 2 or $signers != $l.by
                    or any($signers[]; . as $id | ($there | index([$id])) == null or ($seats[$id] as $seat | $step.by | index([$seat])) == null)
                    or (any($signers[]; . as $id | [roles($id)] | any(IN("crypto-administrator", "security-officer", "custodian"))) | not)
                    or (any($signers[]; . as $id | [roles($id)] | any(IN("witness", "auditor"))) | not)
                then .out += [at($i; "is not signed by one who keeps the object and by one who watches")]
                elif $v.place != (if $puts then $step.place else null end) then .out += [at($i; "the object is put at another place than the plan says")]
                elif $puts and $v.seal == null then .out += [at($i; "the object is put under no seal")]
                elif ($state | IN({in: ["absent"], opened: ["sealed"], closed: ["absent", "open"], destroyed: ["sealed", "open"]}[$v.act][])) | not
                then .out += [at($i; "the object is \($state), and that cannot be done with it")]
                elif ($puts | not) and ($v.seal == null) != ($before.seal == null) then .out += [at($i; "the number of the seal is not told, or there was none")]
                elif ($puts | not) and $v.seal != $before.seal and (.excepted | index([$l.step])) == null
                then .out += [at($i; "another seal was found than the one on record, and no exception says why that is safe")]
                else .done[$l.step] += [$v.object]
                  | .ledger[$v.object] = (if $puts then {object: $v.object, kind: $m.kind, state: "sealed", seal: $v.seal, place: $v.place}
                      else {object: $v.object, kind: $m.kind, state: (if $v.act == "opened" then "open" else "destroyed" end), seal: null, place: null} end)
                end
            end)
        | .done as $done | .out[],
          ( $P.steps[] | select(.action == "custody" and $complete[.id] == true) | . as $step
            | .objects[] | . as $object | select(($done[$step.id] // []) | index([$object]) == null)
            | wrong("step \($step.id)"; "nothing is on record of \($object) in custody") ) );
'

share_rules='
  # Sets of shares that earlier ceremonies left: from the sets in the binding on, what becomes of each share is signed by who
  # has it and by who watches; a set is replaced by one of the same master key that was read back whole; what was not given
  # back is counted.
  def held: [.shares[] | .index as $index | .commitment as $commitment | .holders[] | select(.returned | not) | {index: $index, holder: .id, commitment: $commitment}];
  # The form in which the share of an act is handed over at line $i: copies are on worksheets, and what is passed on.
  def planned_form($i): . as $done
    | (if .copy != null or any($P.steps[]; .id == $T[$i].step and .action == "shares.transfer") then null else [($P.masterKey.forms // [])[] | select(.share == $done.index)][0] end) // {form: "worksheet"}
    | {form, printer, medium, lock,
       recipient: (if .lock == "recipient" then [binding_at($i).people[] | select(.id == $done.custodian)][0].age.recipient else null end)};
  def forms: range(0; $N) as $i | $T[$i]
    | (if .type == "step.outcome" and .body.act != null then .body.result
       elif .type == "step.reconciled" and .body.verdict == "applied" then .body.observed else null end)
    | select(type == "object" and .readBack == true and (.index | type) == "number" and (.custodian | type) == "string")
    | if (.custody // {form: "worksheet"} | {form, printer, medium, lock, recipient}) == planned_form($i) then empty
      else at($i; "a share was handed over in another form than the plan gives it") end;
  def shares:
    ($B.shareSets.sets // []) as $begins
    | ($P.steps | map(select(.action | startswith("shares.")) | select(.action != "shares.distribute"))) as $about
    | ( if ($begins | map(.set) | unique | length) < ($begins | length)
            or any($begins[]; [.shares[].index] != [range(1; (.shares | length) + 1)] or .threshold > (.shares | length)
              or (.scheme == "components" and .threshold != (.shares | length))
              or ([.shares[].commitment] | unique | length) != (.shares | length)
              or any(.shares[]; ([.holders[].id] | unique | length) != (.holders | length)))
          then wrong("binding.json"; "its sets of shares do not fit together") else empty end ),
      ( ($P.keptShares // [])[] | . as $kept | ([$begins[] | select(.id == $kept.id)] | last) as $set
        | if $set != null and $set.scheme == $kept.scheme and ($set.shares | length) == $kept.shares and $set.threshold == $kept.threshold
            and ($set.state == "current") == ($kept.is == "current") then empty
          else wrong("binding.json"; "it does not bring the shares \($kept.id) as the plan says they are") end ),
      ( $sessions[] | .i as $i | select(binding_at($i).shareSets != $B.shareSets)
        | at($i; "the binding of the session carries other sets of shares than the first") ),
      ( if ($about | length) == 0 then range(0; $N) as $i | $T[$i] | select(.type == "fact.recorded" and (.body.fact | IN("share", "share-set.replaced")))
          | at($i; "the plan does not do that with shares")
        else
        reduce range(0; $N) as $i ({sets: $begins, there: [], told: {}, entered: {}, made: {}, handed: {}, passed: {}, replaced: {}, out: []}; $T[$i] as $l
          | ([$about[] | select(.id == $l.step)][0]) as $step
          | ([.sets | to_entries[] | select(.value.id == $step.set)] | last) as $at | $at.value as $set
          | (if $l.type == "step.outcome" and $l.body.act != null then $l.body.result
             elif $l.type == "step.reconciled" and $l.body.verdict == "applied" then $l.body.observed else null end) as $done
          | (if $done != null and $step != null and $set != null then
               (if $done.readBack == true and ($done.index | type) == "number" and ($done.custodian | type) == "string"
                then .handed["\($l.step) \($done.set)"]["\($done.index) \($done.copy // "")"] = $done.custodian
                  | (if $done.set == $set.set then .passed["\($l.step) \($done.index) \($done.holder) \($done.custodian)"] = true else . end)
                else . end)
               | (if $done.entered == true and $done.set == $set.set
                    and any($set | held[]; .index == $done.index and .holder == $done.custodian)
                then .entered[$step.id] = ((.entered[$step.id] // []) + [$done.index] | unique) else . end)
               | (if $done.replaces == $set.set and $done.shareSet.set != null
                  then .made[$done.shareSet.set] = (.entered[$step.id] // [] | length) else . end)
             else . end)
          | (if ($done.shareSet | type) == "object" and ($done.shareSet | fits($S[0]; "share set"))
             then .sets = [.sets[] | select(.set != $done.shareSet.set)]
               + [$done.shareSet + {id: ($P.masterKey.id // ""), state: "current", shares: [$done.shareSet.shares[] + {holders: []}]}]
             else . end)
          | (if $done.readBack == true and $done.set != null
             then .sets |= map(if .set == $done.set then .shares |= map(if .index == $done.index
                 then .holders = [.holders[] | select(.id != $done.custodian)] + [{id: $done.custodian, returned: false}] else . end) else . end)
             else . end)
          | (if (.full | not) and ((.sets | length) > 100 or any(.sets[].shares[]; .holders | length > 64))
             then .full = true | .out += [at($i; "more is told of shares than a record may hold")] else . end)
          | if $l.type | IN("participant.left", "participant.replaced") then .there -= [$l.body.participant]
            elif $l.type == "participant.present" then .there += [$l.body.participant]
            elif $l.type == "participant.enrolled" then .there += [$l.body.participant.id]
            elif $l.type == "ceremony.resumed" and $l.body.session != null then .there = []
            elif $l.type == "step.outcome" and $l.body.act == null and $step != null and $set != null
            then $l.body.result as $r | (.told[$step.id] // {}) as $told
              | ([$set | held[] | select($told["\(.index) \(.holder)"] == null)] | length) as $untold
              | ([$set | held[] | .index] | unique | length) as $unreturned
              | ($set.shares | length) as $count
              | if ($step.action | IN("shares.drill", "shares.destroy")) and $untold > 0 then .out += [at($i; "nothing is on record of a share that somebody has")]
                elif $step.action == "shares.drill" and ($r | {set, good, shares, threshold}) != {set: $set.set,
                    good: ([$told | to_entries[] | select(.value == "proven") | .key | split(" ")[0]] | unique | length), shares: $count, threshold: $set.threshold}
                then .out += [at($i; "the outcome of the drill is not what its lines say")]
                elif $step.action == "shares.destroy" and ($r | {set, shares, unreturned, threshold, rotate}) != {set: $set.set, shares: $count,
                    unreturned: $unreturned, threshold: $set.threshold, rotate: ($unreturned >= $set.threshold)}
                then .out += [at($i; "the outcome does not count the shares that were not given back as its lines do")]
                elif $step.action == "shares.transfer" and ($told | length) < ([$P.positions[] | select(.id == $step.from) | .count][0] // 0)
                then .out += [at($i; "fewer shares were passed on than the plan says")]
                elif $step.action == "shares.transfer" and ($r | {set, shares}) != {set: $set.set, shares: ($told | length)}
                then .out += [at($i; "the outcome does not count the shares that were passed on as its lines do")]
                elif $step.action == "shares.reshare"
                then .replaced[$step.id] as $by | ([.sets[] | select(.set == $by) | .shares | length][0]) as $fresh
                  | if $by == null or $fresh == null then .out += [at($i; "nothing tells that the set was replaced")]
                    elif ($r | {set, replaces, shares, readBack}) != {set: $by, replaces: $set.set, shares: $fresh, readBack: $fresh}
                    then .out += [at($i; "the outcome does not tell of the new set as its lines do")] else . end
                else . end
            elif $l.type != "fact.recorded" then .
            elif $l.body.fact == "share-set.replaced"
            then $l.body.value as $v | ([.sets[] | select(.set == $v.by)][0]) as $new | $P.masterKey as $wanted
              | if $l.body.value | fits($S[0]; "fact share-set.replaced") | not then .out += [at($i; "tells of a set of shares what cannot be read")]
                elif $step.action != "shares.reshare" or $set.set != $v.set or $set.state != "current"
                then .out += [at($i; "the plan does not replace that set of shares in this step")]
                elif $new.state != "current" or $new.pattern != $set.pattern or $v.pattern != $set.pattern
                then .out += [at($i; "the new set of shares is not of the same master key")]
                elif (.made[$v.by] // 0) < $set.threshold then .out += [at($i; "the new set of shares was not made from as many old ones as are needed")]
                elif $new.scheme != $wanted.scheme or $new.threshold != ($wanted.threshold // $wanted.shares) or ($new.shares | length) != $wanted.shares
                then .out += [at($i; "the new set of shares is not the one that the plan asks for")]
                elif ($new.bytes // 32) != ($set.bytes // 32) or ($new.bytes // 32) * 8 != ($wanted.bits // 256)
                then .out += [at($i; "the new set of shares is of a key of another length")]
                elif (.handed["\($l.step) \($v.by)"] // {}) as $who
                  | any($new.shares[]; ($who["\(.index) "]) as $id | $id == null or $seats[$id] != $wanted.custodians)
                    or any(($wanted.copies // [])[]; .position as $position
                      | any(.of[]; ($who["\(.) \($position)"]) as $id | $id == null or $seats[$id] != $position))
                    or ([$who[]] | unique | length) != ($who | length)
                then .out += [at($i; "the new set of shares was not read back whole, each share by another")]
                else .replaced[$step.id] = $v.by | .sets[$at.key].state = "replaced" end
            elif $l.body.fact == "share-set.voided"
            then $l.body.value.set as $void | .sets = [.sets[] | select(.set != $void)]
            elif $l.body.fact != "share" then .
            else $l.body.value as $v | .there as $there
              | if $v | fits($S[0]; "fact share") | not then .out += [at($i; "tells of a share what cannot be read")]
                else ($v.record | payload) as $p | ($v.record | signers) as $signers
                | ([$set | if . == null then empty else held[] end | select(.index == $v.index and .holder == $v.holder)][0]) as $held
                | ($v.act | IN("proven", "transferred", "destroyed")) as $own
                | (if $own then [$v.holder, ($v.to // empty)] else [$signers[] | select([roles(.)] | index(["crypto-administrator"]) != null)][0:1] end) as $others
                | ($signers - $others) as $watchers
                | if $step == null or $set.set != $v.set
                      or ({"shares.drill": ["proven", "wrong", "missing"], "shares.transfer": ["transferred"], "shares.destroy": ["destroyed", "unreturned"]}[$step.action] // [] | index([$v.act])) == null
                  then .out += [at($i; "the plan does not do that with the share in this step")]
                  elif $held == null then .out += [at($i; "somebody does not have that share by the record")]
                  elif .told[$step.id]["\($v.index) \($v.holder)"] != null then .out += [at($i; "the share was told of before in this step")]
                  elif ($v.why == null) != $own or ($v.to != null) != ($v.act == "transferred")
                  then .out += [at($i; "tells of a reason or a successor where there is none, or of none where there is one")]
                  elif $v.act == "transferred" and ($seats[$v.to] != $step.to or any($set | held[]; .holder == $v.to and .index != $v.index))
                  then .out += [at($i; "passes a share on to somebody who has another one, or whom the plan does not name")]
                  elif $v.act == "transferred" and .passed["\($l.step) \($v.index) \($v.holder) \($v.to)"] != true
                  then .out += [at($i; "passes a share on that the successor did not read back")]
                  elif $v.act == "destroyed" and $set.state == "current" then .out += [at($i; "destroys a share that nothing has taken the place of")]
                  elif $p != {format: "keyrite-share/1", mode: $O.mode, ceremony: $O.ceremony, step: $l.step, act: $v.act, set: $v.set, index: $v.index,
                      holder: $v.holder, to: $v.to, why: $v.why, commitment: $held.commitment, head: $l.prev}
                  then .out += [at($i; "what was signed of the share is of another moment, ceremony, step or share")]
                  elif $signers != $l.by or ($others | length) == 0 or ($others - $signers) != [] or ($watchers | length) != 1
                      or any($signers[]; . as $id | $there | index([$id]) == null)
                      or any($watchers[]; . as $id | ($seats[$id] as $seat | $step.by | index([$seat])) == null or ([roles($id)] | any(IN("witness", "auditor")) | not))
                  then .out += [at($i; "not signed by who has the share, or an administrator, and one who watches, all there")]
                  else .told[$step.id]["\($v.index) \($v.holder)"] = $v.act
                    | if $v.act == "transferred" then .sets[$at.key].shares |= map(if .index == $v.index
                        then .holders = [.holders[] | select(.id != $v.to)] + [{id: $v.to, returned: false}] else . end)
                      elif $v.act == "destroyed" then .sets[$at.key].shares |= map(if .index == $v.index
                        then .holders |= map(if .id == $v.holder then .returned = true else . end) else . end)
                      else . end
                  end
                end
            end)
        | .out[] end );
'

people_rules='
  # Clocks: three people read clocks of their own; a workstation more than a minute off takes an exception.
  # Days since 0000-03-01, and so milliseconds.
  def milliseconds: (.[0:4] | tonumber) as $year | (.[5:7] | tonumber) as $m | (if $m <= 2 then $year - 1 else $year end) as $y
    | ($y * 365 + ($y / 4 | floor) - ($y / 100 | floor) + ($y / 400 | floor) + ((153 * (($m + 9) % 12) + 2) / 5 | floor) + (.[8:10] | tonumber)) as $days
    | ((($days * 24 + (.[11:13] | tonumber)) * 60 + (.[14:16] | tonumber)) * 60 + (.[17:19] | tonumber)) * 1000 + (.[20:23] | tonumber);
  def clocks: range(0; $N) as $i | $T[$i] | select(.type == "fact.recorded" and .body.fact == "clock.readings")
    | . as $line | .body.value as $v | ([$P.steps[] | select(.id == $line.step)][0].action) as $action
    | ([$P.positions[] | select(.attends) | .id]) as $attending
    | (reduce $T[0:$i][] as $l ([]; if $l.type | IN("participant.left", "participant.replaced") then . + [$l.body.participant]
        elif $l.type == "participant.present" then . - [$l.body.participant]
        elif $l.type == "ceremony.resumed" and $l.body.session != null then [] else . end)) as $left
    | ([3, ([binding_at($i).people[] | select((.position as $p | $attending | index([$p])) and (.id as $id | $left | index([$id]) | not))] | length)]
       | min) as $needed
    | if $action != "preflight" then at($i; "clocks are read in a pre-flight")
      elif $v | fits($S[0]; "fact clock.readings") | not
        then at($i; "the readings of clocks are malformed")
      elif ($v.readings | map(.by) | unique) != $line.by or ($line.by | length) != ($v.readings | length) or ($line.by | length) < $needed
        then at($i; "\($needed) people must each read a clock of their own")
      else ($v.readings | map((.at | milliseconds) - (.workstation | milliseconds))) as $skews
        | if $v.skewMs != {median: ($skews | sort | .[(length - 1) / 2 | floor]), largest: ($skews | sort_by([(if . < 0 then . else -. end), -.]) | .[0])}
          then at($i; "the skew is not that of the readings")
          elif any($v.readings[]; (.workstation | milliseconds) - ($line.at | milliseconds) | . > 86400000 or . < -86400000) then at($i; "clocks were read on another day")
          elif any($v.readings[]; .source | trimmed == "") then at($i; "a clock has no name") else empty end
      end;

  # Every file is named by hash, or follows from a rule.
  def files:
    [$T[] | .seq as $i | (.body.files // [])[] | {i: $i, name, sha256}] as $named
    | ( $named[] | if $F[.name] == null then at(.i; "names \(.name), which is not there")
        elif $F[.name] != .sha256 then at(.i; "names \(.name) with another hash") else empty end ),
      ( $F | keys[] | select(test("^(addenda|approvals|keys|checkpoints|packages|attachments|sessions)/") | not)
        | select(IN("transcript.jsonl", "plan.json", "plan.yaml", "binding.json", "binding.yaml", "report.html", "report.pdf",
            "verify.sh", "README.txt", "SHA256SUMS") | not)
        | wrong(.; "has no place in a bundle") ),
      ( ($F | keys) - ($named | map(.name))
        - ["transcript.jsonl", "plan.json", "binding.json", "report.html", "report.pdf", "verify.sh", "README.txt", "SHA256SUMS"]
        | .[] | select(startswith("checkpoints/") or startswith("keys/") or startswith("addenda/") or startswith("sessions/") | not)
        | wrong(.; "no line of the transcript names it") ),
      ( $F | keys[] | select(startswith("sessions/")) | (.[9:13] | tonumber) as $number
        | if $number >= 2 and $number <= ($sessions | length) + 1 then empty
          # What was prepared for the next session, while the ceremony is paused, is named when it begins.
          elif $T[$N - 1].type == "ceremony.paused" and $number == ($sessions | length) + 2 then lacks(.; "its session has not begun")
          else wrong(.; "is of a session that is not on record") end );

  # Presence and exceptions.
  def presence:
    [range(0; $N) as $i | $T[$i] | select(.type == "participant.present")
      | . as $line | (.body.proof | payload) as $p
      | {i: $i, nonce: $p.nonce, holds: (
          $p.format == "keyrite-presence/1" and $p.mode == $O.mode and $p.ceremony == $O.ceremony
          and $p.participant == $line.body.participant and ($line.body.proof | signers) == [$p.participant]
          and $line.by == [$p.participant]
          and $p.line0 == $H[0] and $p.head == $line.prev)}]
    | (.[] | select(.holds | not) | at(.i; "the proof of presence is of another moment, ceremony or person")),
      # Whom the binding of a session leaves out takes no part in it.
      (.[] | .i as $i | $T[$i].body.participant as $id | select((any(binding_at($i).people[]; .id == $id)
          or any($T[0:$i][]; .type == "participant.enrolled" and .body.participant.id == $id)) | not)
        | at($i; "\($id) is not in the binding of this session")),
      (if (map(.nonce) | unique | length) != length then wrong("transcript.jsonl"; "two proofs of presence have one nonce") else empty end);
  def exceptions: range(0; $N) as $i | $T[$i] | select(.type == "exception.recorded")
    | . as $line | (.body.record | payload) as $p | (.body.record | signers) as $signers
    | if $p.format != "keyrite-exception/1" or $p.mode != $O.mode or $p.ceremony != $O.ceremony
        or $p.kind != $line.body.kind or $p.step != $line.step
      then at($i; "the exception is of another ceremony, step or kind")
      elif any($signers[]; . as $a | [roles($a)] | index(["crypto-administrator"])
        and any($signers[]; . != $a and ([roles(.)] | any(. == "witness" or . == "auditor")))) | not
      then at($i; "the exception is not signed by an operator and by a witness or auditor")
      else empty end;

  # What was raised is signed afterwards, word for word: each by an exception of its own.
  def raised:
    def said: {step, kind, expected, happened, decided};
    [range(0; $N) as $i | $T[$i] | select(.type == "fact.recorded" and .body.fact == "exception.raised")
      | {i: $i, said: .body.value}] as $raised
    | [range(0; $N) as $i | $T[$i] | select(.type == "exception.recorded")
      | {i: $i, said: (.body.record | payload | said)}] as $signed
    | reduce $raised[] as $r ({left: $signed, out: []};
        if $T[$r.i].step != null or ($r.said | type) != "object" or ($r.said | keys) != ["decided", "expected", "happened", "kind", "step"]
          or any($r.said[]; type != "string")
        then .out += [at($r.i; "raises an exception that cannot be read")]
        else ([.left[] | select(.i > $r.i and .said == $r.said) | .i][0]) as $answer
          | if $answer != null then .left |= map(select(.i != $answer))
            elif $closed then .out += [at($r.i; "the exception raised here was not signed")]
            else .out += [lacks("transcript.jsonl line \($r.i)"; "the exception raised here was not signed")] end
        end)
    | .out[],
      ( .left[] | select(.said.kind | IN("step-skipped", "clock") | not) | at(.i; "the exception signed here was not raised before") );

  # Somebody who left does nothing and signs nothing until a new proof of presence; when a session begins so does everybody,
  # but that they confirm and read clocks in the pre-flight; in the first session by the rules of today.
  def departures:
    reduce range(0; $N) as $i ({away: (if $O.rules == 2 then [$O.roster[].id] else [] end), left: [], there: [], out: []}; $T[$i] as $l
      # Whoever is named as a witness is there, watches, and did not act.
      | .there as $there | (if ($l.body | has("witness")) and any($l.body.witness[]; . as $id | ($there | index([$id])) == null
            or ($l.by | index([$id])) != null or all(roles($id); IN("witness", "auditor") | not))
         then .out += [at($i; "names a witness who was not there to watch")] else . end)
      | (if $l.type == "participant.present" then .there += [$l.body.participant]
         elif $l.type == "participant.enrolled" then .there += [$l.body.participant.id]
         elif $l.type | IN("participant.left", "participant.replaced") then .there -= [$l.body.participant]
         elif $l.type == "ceremony.resumed" and $l.body.session != null then .there = [] else . end)
      | ([$l.by[], (if $l.type == "exception.recorded" then $l.body.record | signers[]
          elif $l.type == "step.intent" and $l.body.command != null then $l.body.command | signers[]
          elif $l.type == "checkpoint.signed" then $l.body.participant
          elif $l.type == "participant.enrolled" then $l.body.vouchers[]
          elif $l.type == "participant.replaced" then $l.body.by else empty end)]) as $acting
      | (if $l.type == "participant.present" then .away -= [$l.body.participant] | .left -= [$l.body.participant] else . end)
      | (if $l.step != null and ($l.type | IN("step.confirmed", "fact.recorded")) and any($P.steps[]; .id == $l.step and .action == "preflight")
         then .left else .away end) as $away
      | ($acting | map(select(. as $id | $away | index([$id])))) as $gone
      # Keys of people who come later are known by now, but nobody signed with one before.
      | (if any($acting[]; on_roster(.; $i) | not) then .out += [at($i; "names, or is signed by, somebody who is not on the roster")] else . end)
      | (if ($gone | length) > 0 then .out += [at($i; "\($gone[0]) had left, or is not there in this session")] else . end)
      | if $l.type | IN("participant.left", "participant.replaced") then .away += [$l.body.participant] | .left += [$l.body.participant]
        elif $l.type == "ceremony.resumed" and $l.body.session != null then .left = [] | .away = [$joined[] | select(.i <= $i) | .entry.id]
        else . end
      | if $l.type == "participant.replaced" and ($l.body.by == $l.body.participant or $seats[$l.body.by] != $seats[$l.body.participant])
        then .out += [at($i; "\($l.body.by) is no alternate of the same position")]
        elif $l.type == "participant.replaced" and ($there | index([$l.body.by])) == null
        then .out += [at($i; "\($l.body.by) is not there to take the place")] else . end)
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
    | ([binding_at($i).modules[] | select(.id == $m.module)][0]) as $bound
    | if ($m | type) != "object" or $bound == null or $bound.sha256 != $m.sha256 then at($i; "the module is not one that the binding names by hash")
      elif any("environment", "files", "links"; $m[.] != null and $m[.] != $bound[.]) then at($i; "the module has other settings than the binding says")
      else empty end;
  # A pre-flight tells of the workstation and of every module of the binding in force.
  def preflights: [$P.steps[] | select(.action == "preflight") | .id] as $ids
    | foreach range(0; $N) as $i ({told: []}; $T[$i] as $l | .out = []
        | if $l.type == "step.started" then .told = []
          elif $l.type == "fact.recorded" and $l.body.fact == "workstation" then .told += [null]
          elif $l.type == "fact.recorded" and $l.body.fact == "module" then .told += [$l.body.value.module]
          elif $l.type == "step.outcome" and $l.body.act == null and ($ids | index([$l.step])) then .told as $told
            | .out = [[null, binding_at($i).modules[].id] - $told | .[] | at($i; "the pre-flight does not tell of \(. // "the workstation")")]
          else . end; .out[]);
  # The outcome of an export names the media of the plan, and the files so far as they are.
  def exports: foreach range(0; $N) as $i ({named: []}; $T[$i] as $l | .out = []
      | ([$P.steps[] | select(.id == $l.step and .action == "export")][0]) as $step
      | (if $l.type == "step.outcome" and $l.body.act == null and $step != null then .named as $named | $l.body.result as $r
          | .out = [if ($r.media | type) != "array" or ($r.readBack | type) != "array" or any($r.media[]; type != "object" or (.id | type) != "string")
                or any($r.readBack[]; type != "object" or (.name | type) != "string" or (.sha256 | type) != "string")
                or [$r.media[].id] != $step.media then at($i; "the export does not name the media of the plan and the files so far")
              else ($r.readBack[] | select($F[.name] == null or .name == "transcript.jsonl" or $F[.name] != .sha256) | at($i; "the export read back \(.name) as another file")),
                ($named - [$r.readBack[].name] | .[] | at($i; "the export did not read back \(.)")) end] else . end)
      | .named += [$l.body.files // [] | .[].name | select($F[.] != null)]; .out[]);
'

step_rules='
  # What the record of a completed step holds by its action; a fault is a text.
  def undone($unit; $name; $signed): .acts["\($unit)/\($name)"] as $done
    | if $done != null and $T[$done.intent].body.unit == $unit and ($signed == false or $T[$done.intent].body.command != null)
      then empty else "\($unit)/\($name) was not done" end;
  def reading($kind; $unit; $register): [.facts[] | $T[.].body | select(.fact == $kind) | .value | select(is_reading and .registers != null
      and .unit == $unit and ($register == null or .register == $register))][-1];
  def compared($kind; $step; $register; show): . as $s
    | [$step.units[] | . as $unit | {unit: $unit, read: ($s | reading($kind; $unit; $register))}] as $all
    | if any($all[]; .read == null) then "no reading of \(first($all[] | select(.read == null)).unit)"
      elif ([$all[].read | show] | if $register == null then map(select(. != null)) else . end | unique) as $shown
        | $shown | length > 1 or ($register != null and (.[0] == null or (.[0] | hex(64) | not) or .[0] == $zeros
            or .[0] != ($s.set.pattern // .[0]))) then "the units do not show the same" else empty end;
  def distributed: . as $s
    | [$seats | to_entries[] | select(.value == $P.masterKey.custodians) | .key] as $custodians
    | if $s.set == null then "no set of shares is on record"
      else
        [.acts[].result | select(.set == $s.set.set and .readBack == true and (.index | type) == "number" and (.custodian | type) == "string")] as $read
        | (reduce $read[] as $one ({}; .["\($one.index) \($one.copy // "")"] = $one.custodian)) as $holders
        | if any($s.set.shares[]; $holders["\(.index) "] as $id | $custodians | index([$id]) == null)
            then "a share was not read back by a custodian"
          elif any(($P.masterKey.copies // [])[]; .position as $position | any(.of[]; $holders["\(.) \($position)"] as $id
              | $id == null or $seats[$id] != $position))
            then "a copy of a share was not read back"
          elif ([$holders[]] | unique | length) != ($holders | length) then "somebody read back two shares"
          else empty end
      end;
  # The wrapped key in base64, under the name that the service has for it.
  def wrapped_key: .fields as $f | if .target == "ibm-key-protect" or .target == "ibm-hpcs" then $f.payload
    elif .target == "aws-kms" then $f.EncryptedKeyMaterial
    elif .target == "google-cloud-kms" then $f.wrappedKey
    elif .target == "openbao-transit" then $f.ciphertext
    elif .target == "cms" then $f.enveloped
    else $f.ciphertext | gsub("-"; "+") | gsub("_"; "/") | . + "==="[0:(4 - length % 4) % 4] end;
  def packaged($step): .acts.make as $made | .acts.write as $written | "packages/\($step.key.name).keypackage.json" as $name
    | [$K[] | select(.name == $name)] as $rows
    | if $made == null or $written == null or $T[$made.intent].body.unit != $step.unit then "no key package was made and written"
      elif ($written.result | member("name")) != $name or ($written.result | member("sha256")) != $F[$name]
          or ($rows | length) != 1 then "\($name) is not what was written"
      elif $step.target != null and ($T[$made.intent].body.parameters | member("target") != $step.target
          or member("authenticated") != [$step.authenticate | if .by == "all" then .ways[] else . end | .by])
        then "the record does not tell that the wrapping key was authenticated as the plan asks for"
      elif ($rows[0].base64 | loose_json) as $k | $made.result as $r
        | ($k | type) != "object" or ($k | fits($S[0]; "package") | not) or ($r | type) != "object" or $k.ceremony != $O.ceremony or $k.line != $made.seq
          or $k.publicKeySha256 == null or $k.publicKeySha256 != ($T[$made.intent].body.parameters | member("publicKeySha256"))
          or $k.checkValue == null or $k.checkValue != $r.checkValue or ($k | wrapped_key) != $r.wrapped
          or $k.target != ($step.target // "ibm-key-protect") or $k.purpose.do != $step.purpose
        then "\($name) is of another ceremony, line or key than the record tells"
      else empty end;
  def has_check_value: .checkValue | type == "object" and (.algorithm | type) == "string" and (.value | type) == "string";
  def kept($unit; $key; holds): . as $s | .acts["\($unit)/\($key)"].result
    | if (type == "object" and .key == $key and holds) | not then "the act \($unit)/\($key) does not tell what became of the key"
      else $s | undone($unit; $key; false) end;
  def work_faults($step): . as $s | $step.action as $action
    | if $action == "unit.initialise" then $step.units[] as $u | ("token", "user-pin", "identity") as $a | $s
        | if $a == "identity" and (.acts["\($u)/identity"].result | made_identity | not) then "\($u)/identity was not done" else undone($u; $a; false) end
      elif $action == "unit.imprint" or $action == "unit.thresholds" then $step.units[] as $u | undone($u; "thresholds"; true)
      elif $action == "unit.zeroise" then . as $s | $step.units[] as $u
        | $s | if (.acts["\($u)/zeroise"].result | member("objects")) == [] then undone($u; "zeroise"; true)
          else "no empty inventory of \($u) shows that it was zeroised" end
      elif $action == "unit.pin.change" or $action == "unit.pin.unlock" then . as $s | $step.units[] as $u
        | $s | if (.acts["\($u)/pin"].result | member("pin")) == ($step.for // "user") and (.acts["\($u)/pin"].result | member("proven")) == true
          then undone($u; "pin"; false) else "\($u)/pin was not done" end
      elif $action == "master-key.clear" then $step.units[] as $u | undone($u; "clear"; true)
      elif $action == "master-key.load" then $step.units[] as $u | [range(0; $P.masterKey.shares // 0) as $n | $s | undone($u; "load-\($n + 1)"; true)]
        | if length <= ($P.masterKey.shares // 0) - ($P.masterKey.threshold // $P.masterKey.shares // 0) then empty else .[] end
      elif $action == "master-key.commit" then $step.units[] as $u | undone($u; "commit"; true)
      elif $action == "master-key.activate" then $step.units[] as $u | undone($u; "activate"; true)
      elif $action == "master-key.generate" and $P.masterKey.scheme == "in-unit" then "\($P.masterKey.unit)/generate" as $act
        | if .acts[$act].result | made_set | is_set and .shares == [] then undone($P.masterKey.unit; "generate"; true) else "\($act) was not done" end
      elif $action == "master-key.generate" then (.acts.set.result | member("shareSet")) as $set
        | if ($set | is_set) and ($set.shares | length) == $P.masterKey.shares and $set.scheme == $P.masterKey.scheme
            and $set.threshold == ($P.masterKey.threshold // $P.masterKey.shares)
            and ($set.bytes // 32) * 8 == ($P.masterKey.bits // 256) then empty else "no set of shares was made as the plan asks for" end
      elif $action == "shares.distribute" then distributed
      elif $action == "master-key.verify" then compared("register"; $step; $step.register; .registers[$step.register].pattern)
      elif $action == "unit.compare" then
        compared("unit.compared"; $step; null; .registers | map_values({status, pattern})),
        compared("unit.compared"; $step; null; .state | if . == null then null
          else {mode, signatureThreshold, revocationThreshold, administrators: (.administrators | map({id, algorithm, spki}))} end)
      elif $action == "unit.inventory" then $step.units[] as $u | if reading("inventory"; $u; null) == null then "no inventory of \($u)" else empty end
      elif $action == "master-key.rotate" then undone($step.unit; "rotate"; false)
      elif $action == "key.generate" then kept($step.unit; $step.key.name;
        .keyAlgorithm == $step.key.algorithm and .use == $step.key.use and has_check_value)
      elif $action == "key.wrap" or $action == "key.unwrap" then $step.keys[] as $k | $s | kept($step.unit; $k; has_check_value)
      elif $action == "key.destroy" then $step.keys[] as $k | $s | kept($step.unit; $k; .destroyed == true)
      elif $action == "key.package" then packaged($step)
      elif $action == "enrol" then (if (.enrolled | length) > 0 or .relaxed then empty else "nobody was enrolled" end)
      elif $action == "pause" then . as $s | $step.seals[] as $m
        | if $s.seals[$m] == null then "the number of the seal on \($m) is not on record" else empty end
      elif $action == "fact" then if any(.facts[]; $T[.].body | .fact == "answer" and (.value | member("asked")) == $step.ask)
            and any(.facts[]; $T[.] | .body.fact == "answer" and (.body.value | member("asked")) == $step.ask
              and any(.by[]; $seats[.] as $seat | $step.by | index([$seat]) != null)) then empty
        else "no answer of those whom the plan asks is on record" end
      else empty end;

  # Steps: in order, every act answered, each completed or skipped by an exception.
  def walk_steps:
    def wrong_at($i; $text): .out += [at($i; $text)];
    def enter($i; $place):
      (if $place < .current then wrong_at($i; "a later step has begun already") else . end)
      | (if any(.steps[0:$place][]; (.complete or .skipped) | not) then wrong_at($i; "an earlier step has no outcome and no exception") else . end)
      | .current = ([.current, $place] | max);
    reduce range(0; $N) as $i
      ({current: -1, begun_last: -1, out: [], set: null, steps: ($steps | map({attempt: 0, complete: false, skipped: false, relaxed: false, open: {},
        acts: {}, facts: [], set: null, confirmed: [], present: [], enrolled: [], seals: {}, wrong_clock: null, clock_excepted: false, brought: false, deviated: false})), pauses: 0};
      $T[$i] as $l
      | (if $l.type | IN("participant.left", "participant.replaced") then
          .steps |= map(if .complete then . else .present -= [$l.body.participant] end) else . end)
      | if $l.type == "ceremony.paused" then
          .pauses += 1 | ([range(0; $steps | length) | select($P.steps[.].action == "pause")][.pauses - 1]) as $place
          | if $place == null or (.steps[$place].complete | not) or .begun_last != $place then wrong_at($i; "the plan does not pause here")
            elif $l.step != null or $l.body.reason != ($P.steps[$place].reason | trimmed)
                or $l.body.seals != [.steps[$place].seals as $seals | $P.steps[$place].seals[] | {material: ., number: $seals[.]}]
              then wrong_at($i; "the reason or the seals are not those of the step before") else . end
        elif $l.step == null then
          (if ($l.type | startswith("step.")) or $l.type == "exception.recorded" then wrong_at($i; "names no step") else . end)
        else ($steps | index([$l.step])) as $place | $P.steps[$place] as $step
          | if $l.type == "exception.recorded" then
              (if $l.body.kind | IN("clock", "preflight") then .steps[$place].clock_excepted = true else . end)
              | (if $l.body.kind == "step-deviated" then .steps[$place].deviated = true else . end)
              | (if $l.body.kind | IN("people", "step-deviated") then .steps[$place].relaxed = true
               elif $l.body.kind == "step-skipped" then
                 (if $step.action | IN("preflight", "unit.inventory", "fact", "statement") then . else wrong_at($i; "\($step.action) is never waived") end)
                 | enter($i; $place) | .steps[$place].skipped = true
               else . end)
            elif $l.type == "step.started" then
              enter($i; $place) | .begun_last = $place
              | (if ([$P.steps[0:$place][] | select(.action == "pause")] | length) > .pauses then wrong_at($i; "the plan pauses before this step") else . end)
              | (if .steps[$place].complete then wrong_at($i; "the step was complete already") else . end)
              | (if $l.body.action != $step.action then wrong_at($i; "the plan says \($step.action)") else . end)
              | (if $l.body.attempt != .steps[$place].attempt + 1 then wrong_at($i; "its attempt does not follow the one before") else . end)
              | .steps[$place].attempt = $l.body.attempt | .steps[$place].facts = [] | .steps[$place].brought = false
            else
              (if $place != .current or .steps[$place].attempt == 0 or .steps[$place].complete then wrong_at($i; "its step is not under way") else . end)
              | (if ($l.body | has("attempt")) and $l.body.attempt != .steps[$place].attempt then wrong_at($i; "is of another attempt") else . end)
              | if $l.type == "participant.present" then .steps[$place].present += [$l.body.participant]
                elif $l.type == "fact.recorded" then
                  .steps[$place].facts += [$i]
                  | (if $l.body.fact == "clock.readings" or ($l.body.fact == "answer" and ($l.body.value | member("asked")) == $step.ask
                        and ($l.body.files // [] | length) > 0) then .steps[$place].brought = true else . end) | (if $l.body.fact == "share-set.voided" then .set = null else . end)
                  | if $l.body.fact == "seal" then ($l.body.value | if type == "object" and (keys == ["material", "number"]) then . else {} end) as $seal
                      | (if $seal == {} or any($seal[]; type != "string") then wrong_at($i; "tells of a seal that cannot be read")
                         else .steps[$place].seals[$seal.material] = $seal.number end)
                    elif $l.body.fact == "clock.readings" then
                      .steps[$place].wrong_clock = (if ($l.body.value.skewMs.median | if . < 0 then -. else . end) > 60000 then $i else null end)
                    else . end
                elif $l.type == "participant.enrolled" then .steps[$place].enrolled += [$l.body.participant.id]
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
                         | ($done[0] | made_set) as $set | if $set | is_set then .set = $set else . end end
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
                | ([$seats | to_entries[] | select(.value == $position and (.key as $id | $who | index([$id])))] | length) as $got
                | if $got < $needed then wrong("step \($step.id)"; "\($needed) of \($position) are needed, \($got) were there") else empty end ),
              ( if ($step.action | IN("checkpoint", "pause")) and (any($C[]; .size < $N and $T[.size].step == $step.id
                    and shortfall($step.signers; .envelope | signers) == null) | not)
                then wrong("step \($step.id)"; "no checkpoint of it has the signatures it asks for") else empty end )
            else empty end ),
          ( if .complete and .wrong_clock != null and (.clock_excepted | not)
            then at(.wrong_clock; "the clock is more than a minute off, and no exception says why that is safe") else empty end ),
          # What the rules of today ask for.
          ( if $O.rules != 2 or (.complete | not) or .brought then empty
            elif $step.action == "preflight" and (.clock_excepted | not) then wrong("step \($step.id)"; "nobody read a clock of their own, and no exception says why")
            elif $step.action == "fact" and $step.attach == true and (.deviated | not) then wrong("step \($step.id)"; "no file goes with the answer, and no exception says why")
            else empty end ),
          ( if .complete then work_faults($step) | wrong("step \($step.id)"; .) else empty end ),
          ( if .complete or .skipped or ($closed | not) then empty
            elif $T[$N - 1].body.outcome == "abandoned" then lacks("step \($step.id)"; "has no outcome and no exception")
            else wrong("step \($step.id)"; "has no outcome and no exception") end ) );
'

adoption_rules='
  # Steps that take over what others made, or in which a tool of the vendor did something: all lines of each, in whatever
  # attempt, up to the outcome that completes it.
  def taking_over:
    def ours: (type == "string") and startswith("keyrite:");
    def told: type == "array" and all(.[]; type == "object" and (.label | type) == "string");
    def same_set($other): (map(sorted | tojson) | sort) == ($other | map(sorted | tojson) | sort);
    def patterns: [.registers.new, .registers.current | {status, pattern}];
    def strange: type == "object" and has("identity") and .identity == null and has("challenge") and .challenge == null
      and has("state") and .state == null;
    def facts($lines; $fact): [$lines[] | select(.type == "fact.recorded" and .body.fact == $fact)];
    def of($unit): [.[] | select((.body.value | member("unit")) == $unit)];
    def intents($lines; $act): [$lines[] | select(.type == "step.intent" and .body.act == $act)];
    # The line that answers the last intent of an act by an outcome or as applied; null when the last answer is another.
    def answer($lines; $act): (intents($lines; $act)[-1].seq) as $from
      | if $from == null then null else
          [$lines[] | select((.type == "step.outcome" or .type == "step.reconciled") and .body.act == $act and .seq > $from)][-1]
          | if . != null and (.type == "step.outcome" or .body.verdict == "applied") then . else null end end;
    def procedure($step; $lines; $start; $deviated):
      "Carried out with \($step.tool) as the plan lists it, and nothing else; commands: \($step.commands | length); units: \($step.units | join(", "))." as $said
      | intents($lines; "procedure") as $intents | answer($lines; "procedure") as $answer
      | if $answer == null or $intents[-1].body.parameters.tool != $step.tool or $intents[-1].body.parameters.commands != $step.commands
        then "the act procedure was not done as the plan lists it"
        else
          [facts($lines; "procedure.released")[] | select(.seq > $intents[0].seq) | . as $l
            | select(($step.units - $l.body.value.units) == []
                and ([binding_at($l.seq).units[] | select(.id as $id | $step.units | index([$id])) | .module] - $l.body.value.modules) == [])][0].seq as $released
          | (if $released == null then "nothing tells that the devices were released before people were asked" else empty end),
            ( ([$lines[] | select(.type == "step.reconciled" and .body.act == "procedure" and .body.verdict == "not-applied") | .seq] | max // -1) as $denied
              | [$lines[] | select(.type == "step.confirmed" and .body.statement == $said and .seq > ($released // $N) and .seq > $denied and .seq < $answer.seq)
                 | .by[] | select(. as $id | $step.by | index([$seats[$id]])) | $seats[.] as $at | $P.positions[] | select(.id == $at) | .role]
              | if (unique | length) < 2 then "two people of different roles must confirm the procedure" else empty end ),
            ( if $step.attach == "required" and ($deviated | not)
                and (any(facts($lines; "procedure.output")[]; .body.files // [] | length > 0) | not)
              then "no file with the output of the tool, and no exception says why" else empty end ),
            ( $step.units[] as $u | ([$step.after[] | select(.unit == $u)][0]) as $declared
              | ([facts($lines; "procedure.after") | of($u)[] | select(.seq > $start and .seq > $answer.seq)][-1].body.value) as $after
              | if $declared == null then "\($u): nothing is declared of it"
                elif $after == null then "\($u): was not read after the procedure"
                elif $declared.is == "as-before" then
                  ([facts($lines; "procedure.before") | of($u)[]][0]) as $line | $line.body.value as $before
                  | if $line == null or $line.seq > $intents[0].seq or ($before | is_reading and .registers != null and (.objects | told) | not)
                    then "\($u): was not read before people were asked"
                    elif $after.is != "as-before" or ($after | is_reading and .registers != null and (.objects | told) | not)
                    then "\($u): was not read as the unit that it was"
                    elif ($after | patterns) != ($before | patterns) then "\($u): its registers do not hold what they held before"
                    elif $declared.objects == "unchanged" and ($after.objects | same_set($before.objects) | not)
                    then "\($u): its objects are not those that were there before"
                    else empty end
                elif ($after | strange | not) or $after.is != $declared.is or ($after.token | type) != "object" then "\($u): was not found \($declared.is)"
                elif $declared.is == "blank" then (if $after.token.initialised == false then empty else "\($u): was not found blank" end)
                elif $after.token.initialised == true and $after.token.userPinSet == true and ($after.objects | told)
                    and (any($after.objects[]; .label | ours) | not) then empty
                else "\($u): was not found foreign" end )
        end;
    def adopted_units($step; $lines; $start): ($step.origin | trimmed) as $origin | $step.units[] as $u
      | ([intents($lines; "\($u)/identity")[] | select(.body.unit == $u)]) as $intents | answer($lines; "\($u)/identity") as $answer
      | ([facts($lines; "unit.found") | of($u)[] | select(.seq < ($intents[0].seq // $N) and .body.value.origin == $origin)
          | .body.value | select(strange and (.objects | told) and (any(.objects[]; .label | ours) | not))][-1]) as $found
      | if $found == null then "nothing tells what \($u) was before it was adopted"
        elif $intents == [] or $answer == null or ($answer.body.result // $answer.body.observed | made_identity | not) then "\($u)/identity was not done"
        else ([facts($lines; "unit.adopted") | of($u)[] | select(.seq > $start and .seq > $answer.seq) | .body.value
            | select(is_reading and (.objects | told))][-1]) as $after
          | if $after != null and $after.origin == $origin
              and ([$after.objects[] | select(.label | IN("keyrite:identity", "keyrite:state") | not)] | same_set($found.objects)) then empty
            else "nothing shows that what others left on \($u) is there still, and nothing else but identity and state" end end;
    def adopted_master_keys($step; $lines; $start): ($step.origin | trimmed) as $origin
      | [$step.units[] as $u | intents($lines; "\($u)/adopt") as $intents | {unit: $u, intent: $intents[-1], answer: answer($lines; "\($u)/adopt"),
          found: ([facts($lines; "master-key.found") | of($u)[] | select(.seq < ($intents[0].seq // $N)) | .body.value
            | select(.origin == $origin and .object.class == "secret-key" and .object.label == $step.object.label
                and .object.id == ($step.object.id // .object.id))][-1]),
          current: ([facts($lines; "register") | of($u)[] | select(.seq > $start) | .body.value
            | select(.register == "current" and is_reading and .registers != null)][-1].registers.current.pattern)}] as $all
      | ([$all[].found.pattern] | unique | if length > 1 or .[0] == null or .[0] == $zeros then "the units do not show one pattern" else empty end),
        ( $all[] | . as $one
          | if .found == null then "nothing tells what the key on \(.unit) was before it was adopted"
            elif .answer == null or .intent.body.unit != .unit or .intent.body.command == null
              or (.intent.body.command | payload | .payload | [.pattern, .label, .id] != [$one.found.pattern, $step.object.label, $one.found.object.id])
            then "\(.unit)/adopt was not done to the key that was found"
            elif .current != .found.pattern then "the current register of \(.unit) does not show the key"
            else empty end );
    def adopted_keys($step; $lines; $start):
      ([facts($lines; "keys.adopted")[] | select(.seq > $start)][-1].body.value) as $told
      | if $told == null or ($told | is_reading | not) or $told.unit != $step.unit or $told.origin != ($step.origin | trimmed)
          or ($told.keys | length) != ($step.objects | length)
          or any(range(0; $step.objects | length); . as $k | $step.objects[$k] as $want | $told.keys[$k] as $key
            | $key.name != $want.name or $key.object.class != $want.class or $key.object.label != $want.label or $key.object.id != ($want.id // $key.object.id))
        then "nothing tells what the keys are that were adopted, and where they come from by the plan" else empty end;
    $P.steps[] as $step | select($step.action | IN("vendor.procedure", "unit.adopt", "master-key.adopt", "key.adopt"))
    | [$T[] | select(.step == $step.id)] as $all
    | ([$all[] | select(.type == "step.outcome" and .body.act == null)][0].seq) as $last | select($last != null)
    | [$all[] | select(.seq < $last)] as $lines | ([$lines[] | select(.type == "step.started") | .seq][-1] // 0) as $start
    | (if $step.action == "vendor.procedure" then
        procedure($step; $lines; $start; any($all[]; .type == "exception.recorded" and .body.kind == "step-deviated"))
      elif $step.action == "unit.adopt" then adopted_units($step; $lines; $start)
      elif $step.action == "master-key.adopt" then adopted_master_keys($step; $lines; $start)
      else adopted_keys($step; $lines; $start) end)
    | wrong("step \($step.id)"; .);

  def closing:
    if $closed | not then lacks("transcript.jsonl"; "the ceremony is not closed")
    elif $T[$N - 1].body.exceptions != ([$T[] | select(.type == "exception.recorded")] | length) or $T[$N - 1].body.withheld != 0
      then at($N - 1; "counts exceptions or withheld facts wrongly")
    elif $T[$N - 1].body.signOff != $P.signOff.wording then at($N - 1; "the wording is not that of the plan")
    elif $T[$N - 1].body.outcome == "abandoned" then lacks("transcript.jsonl line \($N - 1)"; "the ceremony was abandoned")
    elif $T[$N - 1].body.outcome != "completed" then at($N - 1; "has an unknown outcome")
    else empty end;

  # Keys under master keys: what was wrapped, what a rotation wrapped anew, and that none is left behind when a master key goes.
  def rotations:
    def wrong_at($i; $text): .out += [at($i; $text)];
    def id: type == "string" and test("\\A[a-z0-9][a-z0-9-]{0,62}\\z");
    def shows($unit; $register; $status; $pattern): .shown[$unit][$register] as $r
      | $r != null and $pattern != null and $r.status == $status and $r.pattern == $pattern;
    def wrap($i; $step; $told):
      if any($told.key, $told.store, $told.masterKey, $told.sha256; . == null) or ($told.key | id | not)
        then wrong_at($i; "does not tell which key, of which store, under which master key")
      else "\($told.store) \($told.masterKey)" as $place
        | (if $told.store != $step.store then wrong_at($i; "the key store is not that of the step") else . end)
        | (if shows($step.unit; "current"; "valid"; $told.masterKey) then .
           else wrong_at($i; "\($step.unit) was not read with this master key in its current register") end)
        | if $step.action == "key.unwrap" then
            (if (.wrapped[$place][$told.key] // $told.sha256) != $told.sha256
             then wrong_at($i; "\($told.key) is not what was wrapped into \($told.store)") else . end)
          else
            (if .rotated[$place] != null
             then wrong_at($i; "\($told.key) was wrapped under a master key from which \($told.store) was rotated before") else . end)
            | .wrapped[$place][$told.key] = $told.sha256
          end
      end;
    def begin($i; $step; $p):
      .begun |= del(.[$step.id])
      | if any($p.store, $p.from, $p.to, $p.keys, $p.inventory; . == null) then wrong_at($i; "does not tell which keys are wrapped anew")
        else
          (if $p.store != $step.store then wrong_at($i; "the key store is not that of the step") else . end)
          | (if $p.from != $p.to and shows($step.unit; "current"; "valid"; $p.from) and shows($step.unit; "new"; "full-committed"; $p.to) then .
             else wrong_at($i; "\($step.unit) was not read with these master keys in its registers") end)
          | .begun[$step.id] = $p
        end;
    def finish($i; $step; $told):
      .begun[$step.id] as $began | "attachments/\($step.id).rotation.jsonl" as $name
      | if $began == null or any($told.store, $told.from, $told.to, $told.keys, $told.name, $told.sha256; . == null)
          then wrong_at($i; "does not tell what was wrapped anew")
        elif ($told | {store, from, to, keys}) != ($began | {store, from, to, keys}) then wrong_at($i; "the rotation is another than was announced")
        elif $told.name != $name or $F[$name] != $told.sha256 then wrong_at($i; "the manifest of the rotation is not there")
        else ([$R[] | select(.name == $name)][0]) as $manifest | "\($told.store) \($told.from)" as $place
          | (if $manifest == null or $manifest.keys != $told.keys or $told.keys == 0 or $manifest.inventory != $began.inventory
             then wrong_at($i; "the manifest does not list, by name, the keys that were announced")
             elif any((.wrapped[$place] // {}) | to_entries[]; $manifest.old[.key] != .value)
               then wrong_at($i; "the manifest lacks a key that was wrapped in this ceremony") else . end)
          | .rotated[$place] = $told
        end;
    def replaces($i; $l):
      ($l.body.command | payload | .payload) as $p
      | if $p.command != "master-key.replace" then .
        else
          (if shows($l.body.unit; "current"; "valid"; $p.retires) and shows($l.body.unit; "new"; "full-committed"; $p.pattern) then .
           else wrong_at($i; "the unit was not read with these master keys in its registers") end)
          | (if $P.keyStores != null and ($p.stores | map(.store)) == ($P.keyStores | map(.id)) then .
             else wrong_at($i; "the command does not name the key stores of the plan") end)
          | reduce $p.stores[] as $s (.; .rotated["\($s.store) \($p.retires)"] as $done
            | if $done != null and $done.to == $p.pattern and $done.sha256 == $s.manifest and $done.keys == $s.keys then .
              else wrong_at($i; "no such rotation of \($s.store) is on record") end)
        end;
    def done($i; $step; $act; $told):
      if $step.action == "key.wrap" or $step.action == "key.unwrap" then wrap($i; $step; $told)
      elif $step.action == "master-key.rotate" and $act == "\($step.unit)/rotate" then finish($i; $step; $told)
      else . end;
    reduce range(0; $N) as $i ({shown: {}, wrapped: {}, begun: {}, rotated: {}, out: []};
      $T[$i] as $l | (if $l.step == null then null else [$P.steps[] | select(.id == $l.step)][0] end) as $step
      | if $step == null then .
        elif $l.type == "step.started" then .shown = {}
        elif $l.type == "fact.recorded" then
          if $l.body.fact == "register" and $l.body.value.registers != null and any($P.units[]; .id == $l.body.value.unit)
          then .shown[$l.body.value.unit] = $l.body.value.registers else . end
        elif $l.type == "step.intent" then
          (if $step.action == "master-key.rotate" and $l.body.act == "\($step.unit)/rotate" then begin($i; $step; $l.body.parameters) else . end)
          | (if $l.body.command == null or $l.body.unit == null then . else replaces($i; $l) end)
        elif $l.type == "step.outcome" and $l.body.act != null then done($i; $step; $l.body.act; $l.body.result)
        elif $l.type == "step.reconciled" and $l.body.verdict == "applied" then done($i; $step; $l.body.act; $l.body.observed)
        else . end)
    | .out[];
'

command_rules='
  # Signed commands, carried out on a model of each unit. States whose hash a command names go out as Q lines.
  def imprinted($unit; $serial): {format: "keyrite-unit-state/1", unit: $unit, serial: $serial, mode: "imprint", administrators: [],
    signatureThreshold: 0, revocationThreshold: 0, counter: 0, loading: null, registers: {new: "empty", current: "empty"},
    previous: $zeros, command: $zeros};
  # Signatures were checked with the keys on the roster: one counts where the key in the state of the unit is that key.
  def votes($signers): [.administrators[] | select(. as $a | ($signers | index([$a.id]))
    and any($everybody[]; .id == $a.id and .key.spki == $a.spki and .key.algorithm == $a.algorithm)) | .spki] | unique | length;
  # What a command changes in a state: an object, or the text of the rule that it breaks.
  def change($p; $signers): . as $s
    | if $s.mode == "zeroised" then "the unit was zeroised"
      elif $p.command == "administrator.add" then $p.administrator as $new
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
      elif $p.command == "administrator.remove" then ($s.administrators | map(select(. != $p.administrator))) as $left
        | if $left == $s.administrators then "it is no administrator"
          elif ($left | length) < ([$s.signatureThreshold, $s.revocationThreshold] | max) then "too few administrators would be left"
          elif votes($signers) < $s.revocationThreshold then "the revocation threshold is not met"
          else {administrators: $left} end
      elif $p.command == "unit.zeroise" then
        if votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
        else {mode: "zeroised", administrators: [], signatureThreshold: 0, revocationThreshold: 0, loading: null,
          registers: {new: "empty", current: "empty"}} end
      elif $p.command == "master-key.adopt" then
        if votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
        elif $s.registers.current != "empty" then "the current register is taken"
        else {registers: {new: $s.registers.new, current: "valid"}} end
      elif $p.command == "master-key.clear" then
        if $s.registers.new == "empty" and $s.loading == null then "the new register is empty"
        elif ($s.registers.new != "empty") != ($p.pattern != null) then "the command names a pattern where there is no key, or none where there is one"
        elif votes($signers) < (if $s.registers.new == "full-committed" then $s.signatureThreshold else 1 end)
          then "too few administrators signed"
        else {loading: null, registers: {new: "empty", current: $s.registers.current}} end
      elif $p.command == "master-key.load" then ($s.loading.parts // []) as $parts
        | if with_role("custodian"; $signers) < 1 then "no custodian signed"
          elif $s.registers.new != "empty" then "the new register is full"
          elif $s.loading != null and ($s.loading.set != $p.set or $s.loading.of != $p.of) then "shares of another set are being loaded"
          elif $p.index > ($p.count // $p.of) then "the share index is beyond the set"
          elif $p.of > ($p.count // $p.of) then "more shares are needed than there are"
          elif any($parts[]; .index == $p.index or .commitment == $p.commitment) then "the share is loaded already"
          elif ($parts | length) + 1 < $p.of then {loading: {set: $p.set, of: $p.of, parts: ($parts + [{index: $p.index, commitment: $p.commitment}])}}
          else {loading: null, registers: {new: "full-uncommitted", current: $s.registers.current}} end
      elif $p.command == "master-key.generate" then
        if votes($signers) < 1 then "no administrator signed"
        elif $s.registers.new != "empty" then "the new register is full"
        elif $s.loading != null then "shares are being loaded"
        else {registers: {new: "full-uncommitted", current: $s.registers.current}} end
      elif $p.command == "master-key.commit" then
        if votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
        elif $s.registers.new != "full-uncommitted" then "the new register holds nothing to commit"
        else {registers: {new: "full-committed", current: $s.registers.current}} end
      elif $p.command == "master-key.activate" then
        if votes($signers) < 1 then "no administrator signed"
        elif $s.registers.new != "full-committed" then "the new register is not committed"
        elif $s.registers.current != "empty" then "the current register is taken"
        else {registers: {new: "empty", current: "valid"}} end
      elif $p.command == "master-key.replace" then
        if votes($signers) < $s.signatureThreshold then "the signature threshold is not met"
        elif $s.registers.new != "full-committed" then "the new register is not committed"
        elif $s.registers.current != "valid" then "there is no master key to retire"
        elif $p.retires == $p.pattern then "it retires the very key that it activates"
        else {registers: {new: "empty", current: "valid"}} end
      else "is no command" end;
  def allowed: {"unit.imprint": ["administrator.add", "thresholds.set"], "unit.administrators.add": ["administrator.add"],
    "unit.administrators.remove": ["administrator.remove"], "unit.thresholds": ["thresholds.set"],
    "master-key.generate": ["master-key.generate"],
    "master-key.load": ["master-key.load"], "master-key.commit": ["master-key.commit"],
    "master-key.activate": ["master-key.activate", "master-key.replace"], "master-key.clear": ["master-key.clear"], "unit.zeroise": ["unit.zeroise"],
    "master-key.adopt": ["master-key.adopt"], "unit.adopt": []};
  def reached($step): $step.action as $action
    | if $action == "unit.imprint" then .mode == "operational"
    elif $action == "unit.adopt" then .mode == "imprint"
    elif $action == "master-key.adopt" then .registers.current == "valid"
    elif $action == "unit.administrators.add" then any(.administrators[]; $seats[.id] == $step.administrators)
    elif $action == "unit.administrators.remove" then all(.administrators[]; $seats[.id] != $step.administrators)
    elif $action == "unit.thresholds" then .signatureThreshold == $step.signatureThreshold and .revocationThreshold == $step.revocationThreshold
    elif $action == "unit.zeroise" then .mode == "zeroised"
    elif $action == "master-key.clear" then .registers.new == "empty" and .loading == null
    elif $action | IN("master-key.load", "master-key.generate") then .registers.new == "full-uncommitted"
    elif $action == "master-key.commit" then .registers.new == "full-committed"
    else .registers.current == "valid" and .registers.new == "empty" end;
  def commands:
    def wrong_at($i; $text): .out += [at($i; $text)];
    def identify($i; $unit; $id): if any($P.units[]; .id == $unit) | not then .
      else (if any(.ids | to_entries[]; .key != $unit and .value == $id) then wrong_at($i; "\($unit) has the identity of another unit") else . end)
        | .ids[$unit] = $id end;
    # Among several states that a command can act on, the hash that it names decides. jq makes no hashes: those that are
    # not known yet go out as U lines, and this is read again with them.
    def known_hash: $HASHES_OF_STATES[sorted | tojson];
    def is_unknown($candidates): ($candidates | unique | length) > 1 and known_hash == null;
    def may_have($hash; $candidates): ($candidates | unique | length) < 2 or known_hash == null or known_hash == $hash;
    # The states a unit can be in, but for commands that nothing answers yet.
    def possible($unit): .units[$unit] // (if .made[$unit] != null and .ids[$unit] != null then [imprinted(.ids[$unit]; .made[$unit])]
      else .connected[$unit] // [] end);
    def intend($i; $l; $step):
      ($l.body.command | payload) as $c | ($l.body.command | signers) as $signers | $PH["l\($i)"] as $hash
      | $l.body.unit as $unit | ([$B.units[] | select(.id == $unit)][0].lastKnown // null) as $known
      | if $c.format != "keyrite-command/1" or $c.mode != $O.mode or $c.ceremony != $O.ceremony then wrong_at($i; "the command is of another ceremony or mode")
        elif any($P.units[]; .id == $unit) | not then wrong_at($i; "the plan has no such unit")
        elif any(.ids | to_entries[]; .key != $unit and .value == $c.unit) then wrong_at($i; "the command is for a unit that has another name")
        elif (.ids[$unit] // $c.unit) != $c.unit then wrong_at($i; "the command is for a unit of another identity")
        elif allowed[$step.action] // [] | index([$c.payload.command]) == null then wrong_at($i; "the command has no place in this step")
        elif $c.payload.command == "administrator.add" and ($c.payload.administrator as $a
            | any($everybody[]; .id == $a.id and .key.spki == $a.spki and .key.algorithm == $a.algorithm) | not)
          then wrong_at($i; "the administrator has another key on the roster")
        elif ($step.action | IN("unit.administrators.add", "unit.administrators.remove"))
            and $seats[$c.payload.administrator.id] != $step.administrators
          then wrong_at($i; "the administrator is not of the position that the step names")
        elif $c.payload.command == "thresholds.set" and ($step.signatureThreshold != $c.payload.signatureThreshold
            or $step.revocationThreshold != $c.payload.revocationThreshold
            or ($c.mode == "production" and ([$c.payload.signatureThreshold, $c.payload.revocationThreshold] | min) < 2))
          then wrong_at($i; "the thresholds are not those of the plan")
        elif $c.payload.command == "master-key.adopt" and ($c.payload.label != $step.object.label
            or $c.payload.id != ($step.object.id // $c.payload.id) or $c.payload.harden != ($step.harden == true))
          then wrong_at($i; "the command adopts another key than the plan names, or otherwise")
        elif $c.payload.command == "master-key.load" and (.shares as $shares
            | any($signers[]; ($shares["\($c.payload.set) \(.)"] // $c.payload.index) != $c.payload.index))
          then wrong_at($i; "somebody loads two different shares of one set")
        elif $c.payload.command == "master-key.load" and (.sets[$c.payload.set] as $set
            | $set == null or $set.threshold != $c.payload.of or ($set.shares | length) != ($c.payload.count // $c.payload.of)
              or (any($set.shares[]; .index == $c.payload.index and .commitment == $c.payload.commitment) | not))
          then wrong_at($i; "the share is not one of a set on record")
        elif $c.payload.command == "master-key.generate" and ($P.masterKey.scheme != "in-unit" or $P.masterKey.unit != $unit)
          then wrong_at($i; "the plan has no master key made inside \($unit)")
        elif ($c.payload.command | IN("master-key.commit", "master-key.activate", "master-key.replace", "master-key.clear")) and $c.payload.pattern != null
            and .loaded[$unit] != null and .sets[.loaded[$unit]].pattern != $c.payload.pattern
          then wrong_at($i; "the command names another verification pattern than the set loaded")
        else
          .ids[$unit] = $c.unit
          | (if $c.payload.command == "master-key.load" then .loaded[$unit] = $c.payload.set
             elif $c.payload.command == "master-key.generate" then .loaded[$unit] = $c.payload.key else . end)
          | (if $c.payload.command == "master-key.load" then reduce $signers[] as $id (.; .shares["\($c.payload.set) \($id)"] = $c.payload.index) else . end)
          | (.units[$unit] // (if $known == null or $known.identity != $c.unit then [imprinted($c.unit; $c.serial)] else (.connected[$unit] // []) end)) as $before
          | [ $before[] | . as $s
              | if .command == $hash then {after: .}
                elif .unit != $c.unit or .serial != $c.serial then {no: "names another unit"}
                elif .counter + 1 != $c.counter then {no: "has counter \($c.counter), expected \(.counter + 1)"}
                else change($c.payload; $signers) | if type == "string" then {no: .}
                  else {after: ($s + . + {counter: $c.counter, previous: $c.previous, command: $hash}), acts_on: $s} end end ] as $tried
          | [$tried[] | .acts_on // empty] as $candidates
          | [$tried[] | select(.after != null) | select(.acts_on == null or (.acts_on | may_have($c.previous; $candidates)))] as $tried_on
          | [$tried_on[].after] as $after
          | (if ($after | length) == 0 then wrong_at($i; "the command: \([$tried[].no // empty][0] // "it acts on another state of the unit, or no state is known that it acts on")") else . end)
          | .unknown += [$tried_on[] | .acts_on // empty | select(is_unknown($candidates))]
          | .queue += [$tried_on[] | .acts_on // empty | {expected: $c.previous, state: .}]
          | (if ($after | length) == 0 then . else .begun["\($l.step) \($l.body.act)"] = {unit: $unit, before: $before, after: $after, open: true, makes: $c.payload.key} end)
          | (if (.begun | length) > 100 then wrong_at($i; "more than 100 commands were begun and are not done") else . end)
        end;
    def settle($i; $l; $step; $verdict; $told):
      (if $verdict == "applied" and ($told | made_identity) then
         ($l.body.act | split("/")[0]) as $unit
         | (if $step.action | IN("unit.initialise", "unit.adopt") | not
            then wrong_at($i; "an identity key was made outside unit.initialise and unit.adopt") else . end)
         | identify($i; $unit; $told.id)
         | (if any($P.units[]; .id == $unit) and ($told.state | member("serial") | type == "string" and length <= 64)
            then .made[$unit] = $told.state.serial
              | if $told.state != imprinted($told.id; $told.state.serial)
                then wrong_at($i; "\($unit) does not begin in imprint mode, with nobody in charge") else . end
            else . end)
         | .units |= del(.[$unit])
       else . end)
      | ($told | made_set) as $set
      | (if $verdict == "applied" and ($set | is_set and .shares == []) and .begun["\($l.step) \($l.body.act)"].makes != $set.set
         then wrong_at($i; "it tells of a master key made inside a unit, and its command made another or none") else . end)
      | (if $verdict == "applied" and ($set | is_set and (.shares | length <= 255)
             and all(.set, .pattern, .scheme, .shares[].commitment; length <= 64))
         then .sets[$set.set] = $set else . end)
      | (if (.sets | length) > 1000 then wrong_at($i; "more than 1000 sets of shares were made") else . end)
      | "\($l.step) \($l.body.act)" as $key | .begun[$key] as $p
      | if $p == null or ($p.open | not) then . else
          (if $verdict == "applied" then .begun |= del(.[$key]) else .begun[$key].open = false end)
          | if $verdict == "not-applied" then .
            else (if $verdict == "applied" then $p.after else $p.before + $p.after end | unique) as $states
              | (if ($told | type == "object") and ($told.state | type == "object") and (any($states[]; . == $told.state) | not)
                 then wrong_at($i; "\($p.unit) shows another state than its commands lead to") else . end)
              | (if ($states | length) > 32 then wrong_at($i; "\($p.unit) may be in more than 32 states") else . end)
              | .units[$p.unit] = $states[:32] end end;
    # A session begins with the units as the commands before it left them.
    def take_over($i): binding_at($i).units as $bound
      | (if ($bound | map(.id) | sort) != ($B.units | map(.id) | sort) then wrong_at($i; "the units are not those of the first binding") else . end)
      | reduce $bound[] as $u (.; ([$B.units[] | select(.id == $u.id)][0].lastKnown) as $first
        | possible($u.id) as $states
        | if .ids[$u.id] == null then
            (if ($u.lastKnown.identity // null) != ($first.identity // null) or ($u.lastKnown.stateSha256 // null) != ($first.stateSha256 // null)
             then wrong_at($i; "the binding tells of another history of \($u.id)") else . end)
          elif $u.lastKnown.identity != .ids[$u.id] then wrong_at($i; "the binding names another unit than \($u.id)")
          else [$states[] | select(.counter == $u.lastKnown.counter)] as $candidates
            | [$candidates[] | select(may_have($u.lastKnown.stateSha256; $candidates))] as $meant
            | .unknown += [$meant[] | select(is_unknown($candidates))]
            | if ($meant | length) == 0 then wrong_at($i; "the binding tells of another state of \($u.id)")
              else .queue += [{expected: $u.lastKnown.stateSha256, state: $meant[0]}] end end);
    # A reading is of the device that was commanded, in the state that its commands led to.
    def read($i; $l):
      (if $l.type == "fact.recorded" then $l.body.value
       else (.acts["\($l.step) \($l.body.act)"] // "") as $unit | $l.body.observed + {unit: $unit} end) as $r
      | (if $l.type == "fact.recorded" then "fact" else $l.body.verdict end) as $occasion
      | if $r | meant_as_reading | not then . else
          $r.unit as $unit | (possible($unit) + [.begun[] | select(.unit == $unit and .open) | .after[]] | unique) as $states
          | (if .nonces[$r.challenge.nonce] then wrong_at($i; "a unit proved its identity with a used nonce") else . end)
          | .nonces[$r.challenge.nonce] = true
          | if any($P.units[]; .id == $unit) | not then wrong_at($i; "is a reading of no unit of the plan")
            elif .ids[$unit] != $r.identity.id then wrong_at($i; "\($unit) was read with another identity than the record tells")
            elif (.keeps[$unit] | if . == null then $r.state != null else . end) != ($r.state != null)
              then wrong_at($i; "\($unit) keeps a state in some readings only")
            else
              .keeps[$unit] = ($r.state != null)
              | if $occasion == "undetermined" then .
                elif $r.state != null and ($states | index([$r.state])) == null
                  then wrong_at($i; "\($unit) was read in another state than its commands lead to")
                elif $occasion == "fact" and $r.registers != null and ($states | length) == 1 and all(.begun[]; .unit != $unit)
                    and ($r.registers | {new: .new.status, current: .current.status}) != $states[0].registers
                  then wrong_at($i; "\($unit) was read with other registers than its state has")
                else . end
            end
        end;
    reduce range(0; $N) as $i ({ids: {}, made: {}, units: {}, connected: {}, shares: {}, sets: {}, loaded: {}, begun: {},
        acts: {}, nonces: {}, keeps: {}, queue: [], unknown: [], out: []};
      $T[$i] as $l | ([$P.steps[] | select(.id == $l.step)][0]) as $step
      | if $l.type == "ceremony.resumed" and $l.body.session != null then take_over($i)
        elif $l.type == "fact.recorded" and $l.body.fact == "unit.connected" then $l.body.value as $u
          | ([$B.units[] | select(.id == $u.unit)][0].lastKnown // null) as $known
          | if $known == null or $known.identity != $u.identity then wrong_at($i; "it is not the unit that the binding names")
            elif $known.counter != $u.state.counter then wrong_at($i; "it does not show the state that the binding names")
            else identify($i; $u.unit; $u.identity) | .connected[$u.unit] = [$u.state] | .queue += [{expected: $known.stateSha256, state: $u.state}] end
        elif $l.type == "fact.recorded" and $l.body.fact == "share-set.voided" then
          if .sets[$l.body.value.set] != null then .sets[$l.body.value.set].shares = [] else . end
        elif $l.type == "step.intent" then
          .acts["\($l.step) \($l.body.act)"] = $l.body.unit
          | .begun |= del(.["\($l.step) \($l.body.act)"]) | if $l.body.command == null then . else intend($i; $l; $step) end
        elif $l.type == "step.outcome" and $l.body.act != null then settle($i; $l; $step; "applied"; $l.body.result)
        elif $l.type == "step.reconciled" then settle($i; $l; $step; $l.body.verdict; $l.body.observed) | read($i; $l)
        elif $l.type == "fact.recorded" then read($i; $l)
        elif $l.type == "step.outcome" then
          .begun |= with_entries(select(.key | startswith("\($l.step) ") | not))
          | if allowed | has($step.action // "") | not then . else . as $r | reduce ($step.units // (if $P.masterKey.scheme == "in-unit" then [$P.masterKey.unit] else [] end))[] as $unit (.;
            if ($r | possible($unit)) as $s | ($s | length) > 0 and all($s[]; reached($step)) then .
            else wrong_at($i; "the step is called complete, but no commands led \($unit) there") end) end
        else . end)
    | if (.unknown | length) > 0 then .unknown | map(sorted | tojson) | unique[] | "U \(.)"
      else .out[], (.queue[] | "Q \(.expected) \(.state | sorted | tojson)") end;
'

summary_rules='
  def summary:
    "I ceremony \($O.ceremony)", "I mode \($O.mode)", "I plan \($O.plan.sha256)", "I lines \($N)",
    "I exceptions \([$T[] | select(.type == "exception.recorded")] | length)", "I withheld 0",
    (if ($C | length) > 0 then "I root \($C[-1].root)", "I signers \($C[-1].envelope | signers | join(" "))" else empty end),
    # An approver given from outside must have approved the binding of every session.
    ([$A[] | signers[0]] | group_by(.)[] | select(length == ($bindings | length)) | .[0] as $id | "A \([$everybody[] | select(.id == $id)][0].key.spki)");
'

# What the rules $2 in the program $1 say of the record, added to what was found. Each is read by a jq of its own, for jq 1.6 is
# slow to begin with a long program.
read_record() {
  printf '%s\n' "$bytes_in_jq$shapes_in_jq$record_in_jq$1$2" >"$tmp/rules"
  jq -rn --slurpfile T "$tmp/transcript" --slurpfile PLAN plan.json --slurpfile BINDING binding.json \
    --slurpfile A "$tmp/approvals" --slurpfile C "$tmp/checkpoints" --slurpfile KNOWN "$tmp/hashes-of-states" \
    --rawfile HASHES "$tmp/line-hashes" --rawfile SUMS "$tmp/all-sums" --rawfile PAYLOADS "$tmp/payload-hashes" \
    --rawfile NAMES "$tmp/approval-names" --rawfile KEYS "$tmp/key-hashes" --slurpfile K "$tmp/packages" --slurpfile R "$tmp/manifests" \
    --slurpfile SB "$tmp/sessions" --slurpfile S "$tmp/shapes" -f "$tmp/rules" >"$tmp/said" 2>/dev/null ||
    refuse 'transcript.jsonl, plan.json or binding.json: something in it is not of the right shape'
  odd=$(sed -n 's/^F //p' "$tmp/said" | head -n 1 | tr -cd '[:print:]')
  [ -z "$odd" ] || refuse "$odd"
  cat "$tmp/said" >>"$tmp/record"
}

: >"$tmp/record"
# Each of the first three rests on the ones before it.
read_record "$frame_rules" '[frames] as $found | if ($found | length) > 0 then $found[] else
  [opening] as $found | if ($found | length) > 0 then $found[] else sessions end end'
read_record "$frame_rules" 'approvals, enrolments, custody'
read_record "$share_rules" 'forms, shares'
read_record "$people_rules" 'clocks, files, presence, departures, exceptions, raised, checkpoints, modules, preflights, exports'
read_record "$step_rules" 'walk_steps'
read_record "$adoption_rules" 'taking_over, closing, rotations'
read_record "$summary_rules" 'summary'

rounds=0
while :; do
  read_record "$command_rules" 'commands'
  grep -q '^U ' "$tmp/said" || break
  # Only acts that nobody could tell the outcome of, one upon the other, make it ask; each round knows more.
  rounds=$((rounds + 1))
  [ "$rounds" -le 20 ] || cannot_start 'transcript.jsonl: too many acts are left undetermined for this script; use keyrite verify'
  rm -rf "$tmp/unknown" && mkdir "$tmp/unknown"
  sed -n 's/^U //p' "$tmp/said" >"$tmp/unknown-states"
  place=1000000
  while IFS= read -r state; do
    printf '%s' "$state" >"$tmp/unknown/$place"
    place=$((place + 1))
  done <"$tmp/unknown-states"
  hash_each "$tmp/unknown" >"$tmp/unknown-hashes"
  jq -cn --slurpfile KNOWN "$tmp/hashes-of-states" --rawfile states "$tmp/unknown-states" --rawfile hashes "$tmp/unknown-hashes" '
    def rows: split("\n") | map(select(. != ""));
    [($states | rows), ($hashes | rows)] | transpose | map({key: .[0], value: .[1]}) | $KNOWN[0] + from_entries' >"$tmp/more-hashes"
  mv "$tmp/more-hashes" "$tmp/hashes-of-states"
done

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

# Whether the signature in the file $3 by the key in the file $1, of the algorithm $2, over the file $4 holds.
holds() {
  case $2 in
    ecdsa-p256-sha256) openssl dgst -sha256 -verify "$1" -signature "$3" "$4" ;;
    ecdsa-p384-sha384) openssl dgst -sha384 -verify "$1" -signature "$3" "$4" ;;
    ecdsa-p521-sha512) openssl dgst -sha512 -verify "$1" -signature "$3" "$4" ;;
    rsa-pss-sha256)
      openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256 \
        -verify "$1" -signature "$3" "$4"
      ;;
    ed25519) openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$4" -sigfile "$3" ;;
    *) false ;;
  esac >/dev/null 2>&1
}

while read -r number algorithm; do
  holds "$tmp/reading/$number.pem" "$algorithm" "$tmp/reading/$number.signature" "$tmp/reading/$number.message" && continue
  case $number in
    s*) refuse "transcript.jsonl line ${number#s}: no custodian vouches for the key pair to which a share was encrypted" ;;
    *) refuse "transcript.jsonl line $number: a unit did not prove its identity" ;;
  esac
done <"$tmp/readings"

while read -r number message id algorithm; do
  holds "$tmp/keys/$id.pem" "$algorithm" "$tmp/signature/$number" "$tmp/message/$message" || {
    case $message in
      l*) refuse "transcript.jsonl line ${message#l}: the signature of $id does not hold" ;;
      a*) refuse "approvals: the signature of $id does not hold" ;;
      *) refuse "checkpoint ${message#c}: the signature of $id does not hold" ;;
    esac
  }
done <"$tmp/verify"

# --- Addenda: what came after the close, and the request for a timestamp ------------------------------------------------

# Bytes of the hex digits that come in.
unhex() {
  sed 's/../\\\\x&/g' | xargs printf '%b'
}

# The last checkpoint, when it covers every line of a ceremony that is closed.
final=
if [ "$(tail -n 1 "$tmp/transcript" | jq -r .type)" = ceremony.closed ] && [ -s "$tmp/checkpoints" ]; then
  final=$(tail -n 1 "$tmp/checkpoints" | jq -r --argjson lines "$lines" 'select(.size == $lines) | .number + 10000 | tostring | .[1:]')
fi

# shellcheck disable=SC2013 # names without white space: checked above
for name in $(grep '^checkpoints/.*\.tsq$' "$tmp/names"); do
  [ "$name" = "checkpoints/$final.tsq" ] || refuse "$name: only the last checkpoint of a closed ceremony has one"
  {
    printf '\060\071\002\001\001\060\061\060\015\006\011\140\206\110\001\145\003\004\002\001\005\000\004\040'
    sha256sum <"checkpoints/$final.checkpoint" | cut -c1-64 | unhex
    printf '\001\001\377'
  } | cmp -s - "$name" || refuse "$name: is not the request for a timestamp over the last checkpoint"
done

# The addendum number $1 ($2 without zeros): its lines, facts, files, checkpoint and signatures. Sets $previous, the root as
# JSON, and $after, the time of its last line, for the next one.
check_addendum() {
  folder=addenda/$1
  own=$tmp/addendum
  rm -rf "$own" && mkdir -p "$own/line" "$own/leaf" "$own/message" "$own/signature"
  name=$folder/transcript.jsonl
  [ -f "$name" ] || refuse "$name: is not there"
  [ "$(wc -c <"$name")" -le 4194304 ] || refuse "$name: is longer than 4 MiB"
  size=$(($(wc -l <"$name")))
  { [ "$size" -ge 3 ] && [ "$size" -le 1000 ] && head -n "$size" "$name" | cmp -s - "$name"; } ||
    refuse "$name: is not 3 to 1000 whole lines: an opening, what it tells, and a close"
  { within_limits "$name" && cmp -s "$name" "$tmp/canonical"; } || refuse "$name: is not lines in canonical form"
  place=1000000
  while IFS= read -r line; do
    printf '%s' "$line" >"$own/line/$place"
    printf '\000%s' "$line" >"$own/leaf/$place"
    place=$((place + 1))
  done <"$name"
  [ -z "$(find "$own/line" -type f -size +2048 | head -n 1)" ] || refuse "$name: a line is longer than 1 MiB"
  hash_each "$own/line" >"$own/line-hashes"
  hash_each "$own/leaf" >"$own/leaf-hashes"
  tree_levels "$own/leaf-hashes" "$own/tree"
  root=$(tree_hash "$size" "$own/tree")

  # Receipts and timestamps are looked into: at most 64 KiB each.
  jq -r 'objects | .body | objects | select(.fact | IN("timestamp", "receipt")) | .files | arrays | .[0] | objects | .name | strings' \
    "$name" >"$own/small-names" 2>/dev/null
  : >"$own/small"
  grep -xF -f "$own/small-names" "$tmp/names" | grep "^$folder/attachments/" | while IFS= read -r small; do
    [ "$(wc -c <"$small")" -gt 65536 ] ||
      printf '{"name":"%s","base64":"%s"}\n' "$small" "$(base64 <"$small" | tr -d '\n')" >>"$own/small"
  done
  : >"$own/signatures"
  # shellcheck disable=SC2013
  for id in $(sed -n "s/^addenda\/$1\/checkpoints\/0001\.\(.*\)\.sig$/\1/p" "$tmp/names" | sort); do
    signature=$folder/checkpoints/0001.$id.sig
    [ "$(wc -c <"$signature")" -le 2048 ] || refuse "$signature: is too long for a signature"
    printf '{"keyid":"%s","sig":"%s"}\n' "$id" "$(base64 <"$signature" | tr -d '\n')" >>"$own/signatures"
  done

  jq -rn --slurpfile L "$name" --slurpfile E "$tmp/everybody" --slurpfile X "$own/small" --slurpfile G "$own/signatures" \
    --rawfile HASHES "$own/line-hashes" --rawfile SUMS "$tmp/all-sums" --slurpfile CLOSED "$tmp/closed" \
    --slurpfile S "$tmp/shapes" \
    --arg folder "$folder" --argjson number "$2" --argjson previous "$previous" --arg after "$after" "$bytes_in_jq$shapes_in_jq"'
def rows: split("\n") | map(select(. != ""));
def hex($n): type == "string" and test("^[0-9a-f]{\($n)}\\z");
def members($names): type == "object" and keys == $names;
# The DER elements in an array of bytes: one-byte tags, definite lengths in their shortest form.
def elements: . as $b | ($b | length) as $n | {at: 0, out: []}
  | until(.at >= $n;
      .at as $at | $b[$at] as $tag | $b[$at + 1] as $first
      | if $first == null or $tag % 32 == 31 or $first == 128 or $first > 131 then error("no DER") else . end
      | (if $first < 128 then 0 else $first - 128 end) as $extra | ($at + 2 + $extra) as $start
      | (if $start > $n then error("no DER") elif $extra == 0 then $first
         else reduce $b[$at + 2:$start][] as $byte (0; . * 256 + $byte) end) as $length
      | if $start + $length > $n or ($extra == 1 and $length < 128) or ($extra == 2 and $length < 256)
          or ($extra == 3 and $length < 65536) then error("no DER")
        else .out += [{tag: $tag, content: $b[$start:$start + $length]}] | .at = $start + $length end)
  | .out;
def content($tag): if . != null and .tag == $tag then .content else error("no such element") end;
def inside($tag): content($tag) | elements;
def exactly($count): if length == $count then . else error("too many or too few") end;
def is($bytes): if . == $bytes then . else error("another value") end;
# What a granted TimeStampResp is about; null for other bytes.
def stamped: try (
  elements | exactly(1) | .[0] | inside(48) | exactly(2)
  | (.[0] | inside(48) | .[0] | content(2) | if length == 1 and .[0] <= 1 then . else error("not granted") end) as $granted
  | .[1] | inside(48) | exactly(2) | (.[0] | content(6) | is([42, 134, 72, 134, 247, 13, 1, 7, 2])) as $type
  | .[1] | inside(160) | exactly(1) | .[0] | inside(48) | (.[0] | content(2)) as $version | (.[1] | content(49)) as $digests
  | .[2] | inside(48) | exactly(2) | (.[0] | content(6) | is([42, 134, 72, 134, 247, 13, 1, 9, 16, 1, 4])) as $type
  | .[1] | inside(160) | exactly(1) | .[0] | content(4) | elements | exactly(1) | .[0] | inside(48)
  | (.[0] | content(2) | is([1])) as $version | (.[1] | content(6)) as $policy | (.[3] | content(2)) as $serial
  | (.[4] | content(24) | implode | if test("^[0-9]{14}(\\.[0-9]{1,9})?Z\\z") then . else error("no time") end) as $time
  | .[2] | inside(48) | exactly(2)
  | (.[0] | inside(48) | .[0] | content(6) | is([96, 134, 72, 1, 101, 3, 4, 2, 1])) as $algorithm
  | {imprint: (.[1] | content(4) | exactly(32)), time: $time}) catch null;
def digits: "0123456789abcdef" as $hex | map((. / 16 | floor) as $high | (. % 16) as $low | $hex[$high:$high + 1] + $hex[$low:$low + 1]) | add;

($HASHES | rows) as $H | ($SUMS | rows | map({key: .[66:], value: .[0:64]}) | from_entries) as $F
| ($X | map({key: .name, value: .base64}) | from_entries) as $small
| $E[0] as $roster | ($roster | map(.id)) as $people | ($roster | map({key: .id, value: .}) | from_entries) as $person
| $CLOSED[0] as $closed | ($L | length) as $n
| def at($i; $text): "F \($folder)/transcript.jsonl line \($i): \($text)";
  def wrong($where; $text): "F \($where): \($text)";
  # M and S lines: what is signed, and the signature.
  def job($id; $keyid; $sig): $person[$keyid].key.algorithm as $algorithm | ($sig | bytes) as $b
    | if ($algorithm | startswith("ecdsa")) and ($b | strict_der | not) then wrong($folder; "the signature of \($keyid) is not strict DER")
      elif $algorithm == "rsa-pss-sha256" and ($b | length) != ($person[$keyid].key.spki | rsa_bytes)
        then wrong($folder; "the signature of \($keyid) is not as long as its key")
      else "S \($id) \($keyid) \($algorithm) \($b | map(octal) | join(""))" end;
  def frames: range(0; $n) as $i | $L[$i]
    | if fits($S[0]; "line") | not then at($i; "is not as the schema of lines says")
      elif .seq != $i then at($i; "seq is not \($i)")
      elif .prev != (if $i == 0 then "0" * 64 else $H[$i - 1] end) then at($i; "prev is not the SHA-256 of the line before: the chain is broken")
      elif .type != (if $i == 0 then "ceremony.opened" elif $i == $n - 1 then "ceremony.closed" else "fact.recorded" end)
        then at($i; "is of another type than its place has")
      elif .at < (if $i == 0 then $after else $L[$i - 1].at end) then at($i; "is earlier than the line before, or than what it comes after")
      elif .step != null then at($i; "belongs to a step, and the steps are over")
      elif any(.by[]; . as $id | $people | index([$id]) == null) then at($i; "names somebody who is not on the roster")
      else empty end;
  def opening: $L[0].body as $o
    | if $o | fits($S[0]; "addendum opened") | not then at(0; "does not open an addendum")
      elif $o.ceremony != $closed.ceremony or $o.mode != $closed.mode then at(0; "is of another ceremony or mode")
      elif $o.closed != {size: $closed.size, root: $closed.root} then at(0; "cites another closed root")
      elif $o.number != $number then at(0; "has another number than its folder")
      elif $o.previous != $previous then at(0; "does not cite the root of the addendum before")
      else empty end;
  def closing: if $L[$n - 1].body != {outcome: "completed", exceptions: 0, withheld: 0,
      signOff: "This was added after the close of the ceremony. I have seen what it adds."}
    then at($n - 1; "does not close the addendum as every addendum is closed") else empty end;
  def shapes: range(1; $n - 1) as $i
    | if $L[$i].body | fits($S[0]; "addendum fact") then empty else at($i; "is no fact that an addendum can tell") end;
  def files:
    ( range(1; $n - 1) as $i | $L[$i].body.files[]
      | if .name | startswith("\($folder)/attachments/") | not then at($i; "names \(.name), which is not its own")
        elif $F[.name] != .sha256 then at($i; "names \(.name), which is not there or has another hash") else empty end ),
    ( ($F | keys | map(select(startswith("\($folder)/attachments/")))) - [$L[1:-1][] | .body.files[].name]
      | .[] | wrong(.; "no line of its addendum names it") );
  def cosignature($i): .participant as $id | .envelope as $e
    | if ($e | members(["payload", "payloadType", "signatures"]) | not) or $e.payloadType != "application/vnd.keyrite.cosignature"
        or ($e.payload | base64 | not) or ($e.payload | @base64d | @base64) != $e.payload or ($e.payload | @base64d | contains("\n"))
        or ($e.signatures | type) != "array" or ($e.signatures | length) != 1
        or ($e.signatures[0] | members(["keyid", "sig"]) | not) or ($e.signatures[0].sig | base64 | not)
      then at($i; "the cosignature is no envelope with one signature")
      elif $e.signatures[0].keyid != $id or ($people | index([$id])) == null then at($i; "the cosignature is not of the one whom it names")
      elif $person[$id].roles | index(["crypto-administrator"]) then at($i; "\($id) is an operator, who cannot cosign")
      else ($e.payload | @base64d) as $text | ($text | fromjson) as $p
        | if ($p | fits($S[0]; "payload cosignature") | not) or $p.participant != $id then at($i; "the cosignature says something else than cosignatures do")
          elif $p.mode != $closed.mode or $p.ceremony != $closed.ceremony then at($i; "the cosignature is of another ceremony or mode")
          elif $p.size != $closed.size or $p.root != $closed.root or $p.checkpoint != $closed.checkpoint
            then at($i; "the cosignature is over another checkpoint")
          else "P \($text)",
            "M l\($i) DSSEv1 \($e.payloadType | utf8bytelength) \($e.payloadType) \($text | utf8bytelength) \($text)",
            job("l\($i)"; $id; $e.signatures[0].sig), "I cosigned \($id)" end
      end;
  def timestamp($i; $file): ($small[$file] // "" | bytes | stamped) as $token
    | if $token == null then at($i; "its file is no granted timestamp over a SHA-256")
      elif ($token.imprint | digits) != $closed.checkpoint or .checkpoint != $closed.checkpoint
        then at($i; "the timestamp is of another checkpoint than the last one")
      elif $token.time != .genTime then at($i; "tells of another time than the timestamp")
      else "I timestamp \($token.time)", "W \($file)" end;
  def receipt($i; $file): .package as $package | ($small[$file] // "" | loose_json) as $receipt
    | if ($package.name | startswith("packages/") | not) or $F[$package.name] != $package.sha256
        then at($i; "names no key package of the bundle")
      elif $receipt | fits($S[0]; "receipt") | not then at($i; "its file is no receipt")
      elif $receipt.ceremony != $closed.ceremony or ($receipt.mode // $closed.mode) != $closed.mode
          or $receipt.package.sha256 != $package.sha256
        then at($i; "the receipt is of another package or ceremony")
      else empty end;
  def facts: range(1; $n - 1) as $i | $L[$i].body | .files[0].name as $file | .fact as $fact | .value
    | if $fact == "cosignature" then cosignature($i)
      elif $fact == "timestamp" then timestamp($i; $file)
      elif $fact == "receipt" then receipt($i; $file)
      elif $fact == "correction" then
        if .line == null or (.line | type == "number" and . >= 0 and . < $closed.size) then empty else at($i; "corrects a line that is not there") end
      else empty end;
  def signatures: ($G | map(.keyid)) as $signers
    | if any($signers[]; . as $id | $people | index([$id]) == null) then wrong($folder; "is signed by somebody who is not on the roster")
      elif any($signers[]; . as $a | ($person[$a].roles | index(["crypto-administrator"]))
          and any($signers[]; . != $a and ($person[.].roles | any(. == "witness" or . == "auditor")))) | not
        then wrong($folder; "is not signed by an operator and by a witness or auditor")
      else $G[] | job("checkpoint"; .keyid; .sig) end;
[frames] as $frames | if ($frames | length) > 0 then $frames[0]
  else [opening, closing, shapes] as $shape | if ($shape | length) > 0 then $shape[0] else files, facts, signatures end end
' >"$own/record" 2>/dev/null || refuse "$name: something in it is not of the right shape"
  odd=$(sed -n 's/^F //p' "$own/record" | head -n 1 | tr -cd '[:print:]')
  [ -z "$odd" ] || refuse "$odd"
  sed -n 's/^P //p' "$own/record" >"$own/payloads"
  { within_limits "$own/payloads" && cmp -s "$own/payloads" "$tmp/canonical"; } || refuse "$name: a cosignature is not in canonical form"

  body=$folder/checkpoints/0001.checkpoint
  printf '%s/addendum/%s\n%s\n%s\n' "$origin" "$1" "$size" "$(printf '%s\n' "$root" | unhex | base64)" >"$own/checkpoint"
  cmp -s "$own/checkpoint" "$body" 2>/dev/null || refuse "$body: is not the checkpoint over every line of its addendum"
  jq -rcn --slurpfile G "$own/signatures" --arg payload "$(base64 <"$body" | tr -d '\n')" --arg type "$T" \
    '{payload: $payload, payloadType: $type, signatures: $G}' | cmp -s - "$folder/checkpoints/0001.dsse.json" ||
    refuse "$folder/checkpoints/0001.dsse.json: does not hold exactly the checkpoint and the signatures in the .sig files"
  { printf 'DSSEv1 %d %s %d ' "${#T}" "$T" "$(wc -c <"$body")" && cat "$body"; } >"$own/message/checkpoint"
  while read -r kind id rest; do
    [ "$kind" != M ] || printf '%s' "$rest" >"$own/message/$id"
  done <"$own/record"
  while read -r kind id keyid algorithm bytes; do
    [ "$kind" = S ] || continue
    printf '%b' "$bytes" >"$own/signature/one"
    holds "$tmp/everybody-keys/$keyid.pem" "$algorithm" "$own/signature/one" "$own/message/$id" ||
      refuse "$folder: the signature of $keyid does not hold"
  done <"$own/record"
  while read -r kind token; do
    [ "$kind" = W ] && [ -n "$tsa_ca" ] || continue
    openssl ts -verify -data "checkpoints/$final.checkpoint" -in "$token" -CAfile "$tsa_ca" >/dev/null 2>&1 ||
      refuse "$token: openssl ts -verify does not accept it under the certificates given"
  done <"$own/record"
  grep '^[IW] ' "$own/record" >>"$tmp/added"
  previous=\"$root\"
  after=$(tail -n 1 "$name" | jq -r .at)
}

: >"$tmp/added"
added=0
odd=$(grep '^addenda/' "$tmp/names" | grep -v '^addenda/[0-9]\{4\}/\(transcript\.jsonl\|checkpoints/0001\.\(checkpoint\|dsse\.json\|[a-z0-9][a-z0-9-]\{0,62\}\.sig\)\|attachments/[A-Za-z0-9][A-Za-z0-9._-]*\)$' | head -n 1)
[ -z "$odd" ] || refuse "$odd: has no place in an addendum"
if grep -q '^addenda/' "$tmp/names"; then
  [ -n "$final" ] || refuse 'addenda: the ceremony is not closed: nothing can come after it'
  # Everybody who was ever on the roster, and their keys.
  jq -cn --slurpfile T "$tmp/transcript" '[$T[].body | .roster[]?, .session.roster[]?, (.participant | objects)] | unique_by(.id)' >"$tmp/everybody"
  mkdir "$tmp/everybody-keys"
  jq -r '.[] | "\(.id) \(.key.spki)"' "$tmp/everybody" >"$tmp/everybody-spki"
  while read -r id key; do
    printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$(printf '%s' "$key" | fold -w 64)" >"$tmp/everybody-keys/$id.pem"
  done <"$tmp/everybody-spki"
  jq -cn --slurpfile T "$tmp/transcript" --slurpfile C "$tmp/checkpoints" --arg sha256 "$(sha256sum <"checkpoints/$final.checkpoint" | cut -c1-64)" \
    '$T[0].body | {ceremony, mode, size: $C[-1].size, root: $C[-1].root, checkpoint: $sha256}' >"$tmp/closed"
  previous=null
  after=$(tail -n 1 "$tmp/transcript" | jq -r .at)
  # shellcheck disable=SC2013
  for number in $(sed -n 's/^addenda\/\([0-9]\{4\}\)\/.*$/\1/p' "$tmp/names" | sort -u); do
    added=$((added + 1))
    expected=$((10000 + added))
    [ "$number" = "${expected#1}" ] || refuse "addenda/$number: the numbers do not run from 0001 without a gap"
    check_addendum "$number" "$added"
  done
fi
[ -z "$tsa_ca" ] || grep -q '^W ' "$tmp/added" || refuse 'no timestamp is there to check with the certificates given'

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
[ "$added" -eq 0 ] || printf 'addenda: %s\n' "$added"
sed -n 's/^I \([a-z]*\) /\1: /p' "$tmp/added"
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
