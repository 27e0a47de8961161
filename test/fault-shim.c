/*
 * A PKCS#11 module that forwards every call to another one and goes wrong where it is told to. For tests only.
 *
 *   cc -std=c11 -shared -fPIC -o fault-shim.so fault-shim.c -ldl
 *
 *   KEYRITE_FAULT=NAME[LABEL]:ACTION[-after][:NTH]    such as C_InitToken:segv-after, C_Sign:0x32:3, C_Login:delay-500
 *     [LABEL]  only at calls whose template has this CKA_LABEL, such as C_CreateObject[keyrite:state]:segv
 *     ACTION   0x...     return this CKR code
 *              segv      die of SIGSEGV           kill      die of SIGKILL
 *              hang      never return             delay-N   wait N milliseconds
 *     -after   go wrong after the real call; otherwise before it (0x... then does not make the call)
 *     NTH      only at the NTH such call of a process (1 is the first); otherwise at each
 *   Several faults are separated by commas.
 *   KEYRITE_LIE=unwrap          C_UnwrapKey makes keys readable, extractable and able to decrypt, as opencryptoki does
 *   KEYRITE_FAULT_ONCE=FILE     each fault only if FILE.N does not exist, N being its place from 0; makes it, so that a
 *                               later process is spared
 *   KEYRITE_FAULT_MODULE=FILE   the real module; otherwise SoftHSM2
 *   KEYRITE_FLAGS=0x...         flags that every initialised token shows besides its own, such as 0x20000 (the user's final try)
 *   KEYRITE_PAD=FILE            every token has a pad of its own (CKF_PROTECTED_AUTHENTICATION_PATH): a PIN that is handed
 *                               over is refused with CKR_ARGUMENTS_BAD, and where there is none people "type" the first
 *                               line of FILE as security officer, the second as user
 *   KEYRITE_PAD_DELAY=N         the milliseconds they take; a delay of KEYRITE_FAULT works too, for one call alone
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long ulong_t;
/* Every Cryptoki function takes at most 8 arguments, all of integer class; handing over 8 registers and stack words where
 * fewer are read does no harm in the calling conventions of x86-64 and AArch64. */
typedef ulong_t (*function_t)(ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t);
struct function_list { unsigned char version[2]; function_t call[68]; };

/* All functions of PKCS#11 2.40, in the order of the list. */
#define FUNCTIONS(F) \
  F(0, C_Initialize) F(1, C_Finalize) F(2, C_GetInfo) F(4, C_GetSlotList) F(5, C_GetSlotInfo) F(6, C_GetTokenInfo) \
  F(7, C_GetMechanismList) F(8, C_GetMechanismInfo) F(9, C_InitToken) F(10, C_InitPIN) F(11, C_SetPIN) \
  F(12, C_OpenSession) F(13, C_CloseSession) F(14, C_CloseAllSessions) F(15, C_GetSessionInfo) \
  F(16, C_GetOperationState) F(17, C_SetOperationState) F(18, C_Login) F(19, C_Logout) F(20, C_CreateObject) \
  F(21, C_CopyObject) F(22, C_DestroyObject) F(23, C_GetObjectSize) F(24, C_GetAttributeValue) \
  F(25, C_SetAttributeValue) F(26, C_FindObjectsInit) F(27, C_FindObjects) F(28, C_FindObjectsFinal) \
  F(29, C_EncryptInit) F(30, C_Encrypt) F(31, C_EncryptUpdate) F(32, C_EncryptFinal) F(33, C_DecryptInit) \
  F(34, C_Decrypt) F(35, C_DecryptUpdate) F(36, C_DecryptFinal) F(37, C_DigestInit) F(38, C_Digest) \
  F(39, C_DigestUpdate) F(40, C_DigestKey) F(41, C_DigestFinal) F(42, C_SignInit) F(43, C_Sign) \
  F(44, C_SignUpdate) F(45, C_SignFinal) F(46, C_SignRecoverInit) F(47, C_SignRecover) F(48, C_VerifyInit) \
  F(49, C_Verify) F(50, C_VerifyUpdate) F(51, C_VerifyFinal) F(52, C_VerifyRecoverInit) F(53, C_VerifyRecover) \
  F(54, C_DigestEncryptUpdate) F(55, C_DecryptDigestUpdate) F(56, C_SignEncryptUpdate) \
  F(57, C_DecryptVerifyUpdate) F(58, C_GenerateKey) F(59, C_GenerateKeyPair) F(60, C_WrapKey) F(61, C_UnwrapKey) \
  F(62, C_DeriveKey) F(63, C_SeedRandom) F(64, C_GenerateRandom) F(65, C_GetFunctionStatus) \
  F(66, C_CancelFunction) F(67, C_WaitForSlotEvent)

static struct function_list *real;

#define MOST_FAULTS 32

static int is_spared(int place) {
  const char *once = getenv("KEYRITE_FAULT_ONCE");
  char name[4096];
  if (once == NULL) return 0;
  snprintf(name, sizeof name, "%s.%d", once, place);
  int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0) return 1;
  close(file);
  return 0;
}

struct attribute { ulong_t type; void *value; ulong_t length; };

/* Whether the template of a call has this CKA_LABEL. */
static int has_label(int at, const ulong_t a[8], const char *label, size_t length) {
  /* Where the template is among the arguments; its length follows. */
  int place = at == 20 || at == 26 ? 1 : at == 25 || at == 58 || at == 59 ? 2 : at == 61 ? 5 : 0;
  if (place == 0) return 0;
  const struct attribute *template = (const struct attribute *)a[place];
  for (ulong_t i = 0; i < a[place + 1]; i++) {
    if (template[i].type != 0x3) continue;
    return template[i].length == length && memcmp(template[i].value, label, length) == 0;
  }
  return 0;
}

/* Whether a fault is due at this call; its action without suffixes goes to `action`. */
static int is_due(int at, const char *name, const ulong_t a[8], char *action, size_t size, int *after) {
  static long calls[MOST_FAULTS];
  char faults[1024], *rest = NULL;
  size_t length = strlen(name);
  const char *told = getenv("KEYRITE_FAULT");
  if (told == NULL) return 0;
  snprintf(faults, sizeof faults, "%s", told);
  int place = 0;
  for (char *fault = strtok_r(faults, ",", &rest); fault != NULL; fault = strtok_r(NULL, ",", &rest), place++) {
    if (place == MOST_FAULTS) abort();
    char *what = fault + length;
    if (strncmp(fault, name, length) != 0 || (*what != ':' && *what != '[')) continue;
    if (*what == '[') {
      char *end = strchr(what, ']');
      if (end == NULL || end[1] != ':') abort();
      if (!has_label(at, a, what + 1, (size_t)(end - what - 1))) continue;
      what = end + 1;
    }
    calls[place] += 1;
    snprintf(action, size, "%s", what + 1);
    char *nth = strchr(action, ':');
    if (nth != NULL) *nth = '\0';
    if (nth != NULL && atol(nth + 1) != calls[place]) continue;
    char *suffix = strstr(action, "-after");
    *after = suffix != NULL;
    if (suffix != NULL) *suffix = '\0';
    if (!is_spared(place)) return 1;
  }
  return 0;
}

/* C_UnwrapKey with CKA_SENSITIVE false, CKA_EXTRACTABLE and CKA_DECRYPT true, whatever the caller asked for. */
static ulong_t unwrap_with_a_lie(const ulong_t a[8]) {
  static unsigned char no = 0, yes = 1;
  struct attribute lied[64];
  const struct attribute *asked = (const struct attribute *)a[5];
  if (a[6] > 64) return 0x7; /* CKR_ARGUMENTS_BAD */
  for (ulong_t at = 0; at < a[6]; at++) {
    lied[at] = asked[at];
    if (asked[at].type == 0x103) lied[at].value = &no;
    if (asked[at].type == 0x162 || asked[at].type == 0x105) lied[at].value = &yes;
  }
  return real->call[61](a[0], a[1], a[2], a[3], a[4], (ulong_t)lied, a[6], a[7]);
}

static void wait_for(long milliseconds) {
  struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&wait, NULL);
}

/* Does what the action says. Returns 1 when the call has to return *rv. */
static int go_wrong(const char *action, ulong_t *rv) {
  if (strcmp(action, "segv") == 0) {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  } else if (strcmp(action, "kill") == 0) {
    raise(SIGKILL);
  } else if (strcmp(action, "hang") == 0) {
    for (;;) pause();
  } else if (strncmp(action, "delay-", 6) == 0) {
    wait_for(atol(action + 6));
  } else if (strncmp(action, "0x", 2) == 0) {
    *rv = strtoul(action, NULL, 16);
    return 1;
  } else {
    fprintf(stderr, "fault-shim: unknown action %s\n", action);
    abort();
  }
  return 0;
}

/* What is typed at the pad for a role (0 security officer, 1 user); 0 when nobody comes. */
static size_t typed(int role, char *pin, size_t size) {
  const char *delay = getenv("KEYRITE_PAD_DELAY");
  FILE *file = fopen(getenv("KEYRITE_PAD"), "r");
  size_t length = 0;
  if (file == NULL) return 0;
  for (int line = 0; line <= role; line++) {
    if (fgets(pin, (int)size, file) == NULL) pin[0] = '\0';
    length = strcspn(pin, "\n");
  }
  fclose(file);
  if (delay != NULL) wait_for(atol(delay));
  return length;
}

/* A call that takes a PIN, on a token with a pad. The PIN and its length are the arguments at `place`. */
static ulong_t at_pad(int at, int place, int role, const ulong_t a[8]) {
  char pin[256], after[256];
  ulong_t b[8];
  memcpy(b, a, sizeof b);
  if (a[place] != 0 || a[place + 1] != 0) return 0x7; /* CKR_ARGUMENTS_BAD */
  b[place] = (ulong_t)pin;
  b[place + 1] = typed(role, pin, sizeof pin);
  if (b[place + 1] == 0) return 0x50; /* CKR_FUNCTION_CANCELED */
  if (at == 11) { /* C_SetPIN: old and new */
    if (a[3] != 0 || a[4] != 0) return 0x7;
    b[3] = (ulong_t)after;
    b[4] = typed(role, after, sizeof after);
  }
  return real->call[at](b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
}

/* Makes the call, on a token that is as KEYRITE_FLAGS and KEYRITE_PAD say. */
static ulong_t call_token(int at, const ulong_t a[8]) {
  int has_pad = getenv("KEYRITE_PAD") != NULL;
  if (has_pad && at == 9) return at_pad(at, 1, 0, a);
  if (has_pad && at == 10) return at_pad(at, 1, 1, a);
  if (has_pad && at == 11) return at_pad(at, 1, 1, a);
  if (has_pad && at == 18) return at_pad(at, 2, (int)a[1], a);
  ulong_t rv = real->call[at](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
  if (at == 6 && rv == 0) {
    /* CK_TOKEN_INFO: 32 + 32 + 16 + 16 bytes of text, then the flags. */
    ulong_t *flags = (ulong_t *)((char *)a[1] + 96);
    const char *more = getenv("KEYRITE_FLAGS");
    if (has_pad) *flags |= 0x100;
    if (more != NULL && (*flags & 0x400) != 0) *flags |= strtoul(more, NULL, 16);
  }
  return rv;
}

static ulong_t forward(int at, const char *name, const ulong_t a[8]) {
  char action[64];
  int after = 0;
  int due = is_due(at, name, a, action, sizeof action, &after);
  ulong_t rv = 0;
  if (due && !after && go_wrong(action, &rv)) return rv;
  if (at == 61 && getenv("KEYRITE_LIE") != NULL) {
    rv = unwrap_with_a_lie(a);
  } else {
    rv = call_token(at, a);
  }
  if (due && after) go_wrong(action, &rv);
  return rv;
}

#define TRAMPOLINE(at, name) \
  static ulong_t name(ulong_t a, ulong_t b, ulong_t c, ulong_t d, ulong_t e, ulong_t f, ulong_t g, ulong_t h) { \
    return forward(at, #name, (const ulong_t[8]){a, b, c, d, e, f, g, h}); \
  }
FUNCTIONS(TRAMPOLINE)

static struct function_list ours;

__attribute__((visibility("default"))) ulong_t C_GetFunctionList(struct function_list **list) {
  const char *path = getenv("KEYRITE_FAULT_MODULE");
  void *library = dlopen(path != NULL ? path : "/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "fault-shim: %s\n", dlerror());
    return 0x6; /* CKR_FUNCTION_FAILED */
  }
  ulong_t (*get_list)(struct function_list **);
  *(void **)&get_list = dlsym(library, "C_GetFunctionList");
  if (get_list == NULL || get_list(&real) != 0) return 0x6;
  memcpy(ours.version, real->version, sizeof ours.version);
  ours.call[3] = (function_t)(void (*)(void))C_GetFunctionList;
#define ENTRY(at, name) ours.call[at] = name;
  FUNCTIONS(ENTRY)
  *list = &ours;
  return 0;
}
