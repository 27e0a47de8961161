/** What lies around the signed record so that a stranger can check it: the script, and a page of plain words. */
import script from './verify.sh';

/** Rules for these words: for an auditor who has never seen Keyrite; what to type, what to expect, what it means. */
const README = `AN EVIDENCE BUNDLE OF A KEY CEREMONY
====================================

This folder is the record of one key ceremony: what was planned, who was there,
what was done to which hardware security module, and who signed that they saw it.
It can be checked without the program that made it.


CHECK IT IN ONE COMMAND

    sh verify.sh --plan-hash HASH

HASH is the plan hash: 64 hex digits that were printed on the approved plan and
read aloud in the room. Take it from there, not from this folder. A plan hash
says that what was done is what was approved. Unless the plan pins the keys of
its people, it authenticates nobody: anybody can carry out a plan with keys of
their own. To know who approved, give the public key of an approver, as you know
it from elsewhere (several times for several people; all must match):

    sh verify.sh --plan-hash HASH --approver KEY.pem

Take verify.sh itself from a place you trust as well (a script that lies in the
folder it checks could lie), and read it: it is plain POSIX shell. It needs
coreutils, find, sed, grep, xargs, cmp, jq and openssl. It prints one of four
verdicts:

    verified     everything holds, and what you gave from outside matches
    consistent   everything holds, but by the bundle's own word: nothing was
                 given from outside, so the people named could be invented
    incomplete   the ceremony was not closed, or not exported to its end
    refused      something does not hold; the first finding is printed

The exit code is 0 for verified and consistent, 1 for the others, 2 when it
could not be started. With each verdict goes the number of exceptions that people
signed, and of facts that were withheld. "keyrite verify FOLDER" checks the same
and prints every finding; it alone also reads plan.yaml and binding.yaml, which
must mean what the .json beside them says. With verify.sh, read plan.json.


WHAT IS IN HERE

    plan.yaml, plan.json         the reviewed plan; its hash is that of plan.json
    binding.yaml, binding.json   who and which devices stood for the plan's names
    approvals/                   signatures of the approvers over both
    sessions/                    the binding of each later day or site, and its
                                 approvals
    keys/                        public key of each participant
    transcript.jsonl             every act, one line each, chained by hash
    checkpoints/                 tree hash of the lines so far, and who signed it
    packages/, attachments/      files that lines name by hash
    addenda/                     what came after the close: small transcripts of
                                 their own, signed again
    report.html, report.pdf      the same for reading; not part of the evidence
    SHA256SUMS                   sums of every other file


CHECK IT BY HAND

1. Files:
       sha256sum -c SHA256SUMS
       find . -type f | wc -l         one more than SHA256SUMS has lines

2. The plan hash, which must be the one you know:
       sha256sum plan.json

3. The chain: "prev" of each line is the SHA-256 of the line before it, without
   its line feed. For line N (counting from 1) and the next:
       sed -n 'Np' transcript.jsonl | tr -d '\\n' | sha256sum
       sed -n 'N+1p' transcript.jsonl | jq -r .prev

4. What people signed: the last checkpoint. Its three lines are the origin
   (keyrite/rehearsal/... or keyrite/production/...), the number of lines, and
   the root of the tree over them. For each signature file:
       T=application/vnd.keyrite.checkpoint; C=checkpoints/NNNN.checkpoint
       { printf 'DSSEv1 %d %s %d ' "\${#T}" "$T" "$(wc -c < $C)"; cat $C; } > signed.bin
       openssl dgst -sha256 -verify keys/NAME.pem \\
           -signature checkpoints/NNNN.NAME.sig signed.bin
   (-sha384 or -sha512 where line 0 names such a key; for Ed25519
   "openssl pkeyutl -verify -pubin -rawin"; for RSA add
   "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32".)

5. The root is an RFC 6962 tree hash: SHA-256 of a zero byte and the line for
   each leaf, SHA-256 of a byte 1 and both children for each node above. The
   function tree_hash in verify.sh does it with stock tools.

6. A timestamp: checkpoints/NNNN.tsq asks a time-stamping authority for one. An
   answer that came back lies in addenda/, and with the certificate of its
   issuer, as you know it from elsewhere:
       sh verify.sh --tsa-ca CA.pem
   or  openssl ts -verify -data $C -in ANSWER.tsr -CAfile CA.pem

7. What happened:
       jq -r '[.seq, .at, .type, .step // "", (.by | join(" "))] | @tsv' transcript.jsonl


WHAT IT PROVES, AND WHAT NOT

It proves whose keys signed what, and that nothing was changed afterwards. It
does not prove that the workstation told the truth to those who signed: a
witness who recomputed the root on a machine of their own has seen more than one
who relied on the operator's screen; such a cosignature lies in addenda/. A
bundle whose origin says "rehearsal" is of a rehearsal and stands for nothing in
production. Times are those of the workstation's clock.
`;

/** The files of the kit by name. */
export function verifyKit(): Readonly<Record<'verify.sh' | 'README.txt', Uint8Array>> {
  return { 'verify.sh': Buffer.from(script, 'utf8'), 'README.txt': Buffer.from(README, 'utf8') };
}
