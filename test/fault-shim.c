/*
 * A PKCS#11 module that forwards every call to another one and goes wrong where it is told to. For tests only.
 *
 *   cc -std=c11 -shared -fPIC -o fault-shim.so fault-shim.c -ldl
 *
 *   KEYRITE_FAULT=NAME[LABEL@CLASS]:ACTION[-after][:NTH]    such as C_InitToken:segv-after, C_Sign:0x32:3, C_Login:delay-500
 *     [LABEL]  only at calls whose template, or whose object, has this CKA_LABEL, such as C_CreateObject[keyrite:state]:segv
 *     @CLASS   only at calls whose template or object has this CKA_CLASS, such as C_DestroyObject[keyrite:identity@3]:kill
 *     ACTION   0x...     return this CKR code
 *              segv      die of SIGSEGV           kill      die of SIGKILL
 *              hang      never return             delay-N   wait N milliseconds
 *              remove    the token is taken out: see KEYRITE_GONE     remove-for-N   ... for the next N calls that miss it
 *     -after   go wrong after the real call; otherwise before it (0x... and remove then do not make the call)
 *     NTH      only at the NTH such call of a process (1 is the first); otherwise at each
 *   Several faults are separated by commas. KEYRITE_FAULT=@FILE: they are in FILE at the time of each call; none without it.
 *   KEYRITE_GONE=FILE           no token is there as long as FILE is; sessions that were open end with it, and their objects
 *   KEYRITE_CALLS=FILE          where FILE is there already: writes down each call that makes, changes, wraps or destroys
 *                               something: its name, CKA_LABEL, CKA_CLASS, and `token` or `session`, separated by tabs
 *   KEYRITE_LIE=unwrap          C_UnwrapKey makes keys readable, extractable and able to decrypt, as opencryptoki does
 *   KEYRITE_LIE=generate        so does C_GenerateKey
 *   KEYRITE_LIE=random          C_GenerateRandom gives the same bytes each time
 *   KEYRITE_LACKS=0x...         the mechanism of that number is refused wherever it is asked for (CKR_MECHANISM_INVALID)
 *   KEYRITE_FAULT_ONCE=FILE     each fault only if FILE.N does not exist, N being its place from 0; makes it, so that a
 *                               later process is spared
 *   KEYRITE_FAULT_MODULE=FILE   the real module; otherwise SoftHSM2
 *   KEYRITE_FLAGS=0x...         flags that every initialised token shows besides its own, such as 0x20000 (the user's final try)
 *   KEYRITE_PAD=FILE            every token has a pad of its own (CKF_PROTECTED_AUTHENTICATION_PATH): a PIN that is handed
 *                               over is refused with CKR_ARGUMENTS_BAD, and where there is none people "type" the first
 *                               line of FILE as security officer, the second as user
 *                               At C_SetPIN the third line, if there is one, is the new PIN, which people type from then on
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

#define CKA_CLASS 0x0
#define CKA_TOKEN 0x1
#define CKA_LABEL 0x3
#define LONGEST_LABEL 256

/* Copies an attribute of the template or of the object of a call. Returns its length; 0 when it has none. */
static size_t attribute_of(int at, const ulong_t a[8], ulong_t type, void *value, size_t size) {
  /* Where template and object are among the arguments; the template's length follows it. */
  int place = at == 20 || at == 26 ? 1 : at == 21 || at == 25 || at == 58 || at == 59 ? 2 : at == 61 ? 5 : 0;
  int object = at == 21 || at == 22 || at == 24 || at == 25 ? 1 : at == 29 || at == 33 || at == 42 ? 2 : at == 60 ? 3 : 0;
  const struct attribute *template = (const struct attribute *)a[place];
  for (ulong_t i = 0; place != 0 && i < a[place + 1]; i++) {
    if (template[i].type != type || template[i].length > size) continue;
    memcpy(value, template[i].value, template[i].length);
    return template[i].length;
  }
  struct attribute asked = {type, value, size};
  if (object == 0) return 0;
  ulong_t rv = real->call[24](a[0], a[object], (ulong_t)&asked, 1, 0, 0, 0, 0);
  return rv == 0 && asked.length <= size ? asked.length : 0;
}

/* Whether a call is about an object as `LABEL@CLASS` says. */
static int is_about(int at, const ulong_t a[8], const char *wanted, size_t length) {
  char label[LONGEST_LABEL];
  ulong_t class = (ulong_t)-1;
  const char *class_wanted = memchr(wanted, '@', length);
  if (class_wanted != NULL) {
    attribute_of(at, a, CKA_CLASS, &class, sizeof class);
    if (class != strtoul(class_wanted + 1, NULL, 10)) return 0;
    length = (size_t)(class_wanted - wanted);
  }
  return attribute_of(at, a, CKA_LABEL, label, sizeof label) == length && memcmp(label, wanted, length) == 0;
}

/* Writes a call down that makes, changes, wraps or destroys something, where somebody wants to know. */
static void write_down(int at, const char *name, const ulong_t a[8]) {
  const char *file = getenv("KEYRITE_CALLS");
  if (file == NULL || (at != 9 && at != 10 && at != 11 && at != 60 && (at < 20 || at > 25 || at == 23 || at == 24) && (at < 58 || at > 62))) return;
  int out = open(file, O_WRONLY | O_APPEND);
  if (out < 0) return;
  char label[LONGEST_LABEL], line[2 * LONGEST_LABEL];
  ulong_t class = (ulong_t)-1;
  unsigned char token = 0;
  size_t length = attribute_of(at, a, CKA_LABEL, label, sizeof label);
  attribute_of(at, a, CKA_CLASS, &class, sizeof class);
  attribute_of(at, a, CKA_TOKEN, &token, sizeof token);
  int written = snprintf(line, sizeof line, "%s\t%.*s\t%ld\t%s\n", name, (int)length, label, (long)class, token ? "token" : "session");
  if (write(out, line, (size_t)written) != written) abort();
  close(out);
}

/* Whether a fault is due at this call; its action without suffixes goes to `action`. */
static int is_due(int at, const char *name, const ulong_t a[8], char *action, size_t size, int *after) {
  static long calls[MOST_FAULTS];
  char faults[1024], *rest = NULL;
  size_t length = strlen(name);
  const char *told = getenv("KEYRITE_FAULT");
  if (told == NULL) return 0;
  if (*told == '@') {
    FILE *file = fopen(told + 1, "r");
    if (file == NULL) return 0;
    if (fgets(faults, sizeof faults, file) == NULL) faults[0] = '\0';
    faults[strcspn(faults, "\n")] = '\0';
    fclose(file);
  } else {
    snprintf(faults, sizeof faults, "%s", told);
  }
  int place = 0;
  for (char *fault = strtok_r(faults, ",", &rest); fault != NULL; fault = strtok_r(NULL, ",", &rest), place++) {
    if (place == MOST_FAULTS) abort();
    char *what = fault + length;
    if (strncmp(fault, name, length) != 0 || (*what != ':' && *what != '[')) continue;
    if (*what == '[') {
      char *end = strchr(what, ']');
      if (end == NULL || end[1] != ':') abort();
      if (!is_about(at, a, what + 1, (size_t)(end - what - 1))) continue;
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
static int lies_about(const char *what) {
  const char *lie = getenv("KEYRITE_LIE");
  return lie != NULL && strcmp(lie, what) == 0;
}

/* Calls C_UnwrapKey or C_GenerateKey, whose template is the argument `place`, its length the next one. */
static ulong_t make_with_a_lie(int call, int place, const ulong_t a[8]) {
  static unsigned char no = 0, yes = 1;
  struct attribute lied[64];
  const struct attribute *asked = (const struct attribute *)a[place];
  ulong_t b[8];
  if (a[place + 1] > 64) return 0x7; /* CKR_ARGUMENTS_BAD */
  for (ulong_t at = 0; at < a[place + 1]; at++) {
    lied[at] = asked[at];
    if (asked[at].type == 0x103) lied[at].value = &no;
    if (asked[at].type == 0x162 || asked[at].type == 0x105) lied[at].value = &yes;
  }
  memcpy(b, a, sizeof b);
  b[place] = (ulong_t)lied;
  return real->call[call](b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
}

static void wait_for(long milliseconds) {
  struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&wait, NULL);
}

/* Takes the token out, for good or until so many calls have missed it. */
static void take_out(const char *calls) {
  const char *gone = getenv("KEYRITE_GONE");
  FILE *file = gone == NULL ? NULL : fopen(gone, "w");
  if (file == NULL) abort();
  fprintf(file, "%s\n", calls);
  fclose(file);
}

/* Whether the token is out, which a call misses now. */
static int misses_token(const char *gone) {
  FILE *file = fopen(gone, "r+");
  long left = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "%ld", &left) == 1) {
    rewind(file);
    if (left <= 0) unlink(gone);
    else fprintf(file, "%-20ld\n", left - 1);
  }
  fclose(file);
  return left > 0 || access(gone, F_OK) == 0;
}

#define MOST_SESSIONS 256
static ulong_t sessions[MOST_SESSIONS];
static int open_sessions;

/* What ends with the token: the sessions of this process, what lives in them, and its login. */
static void end_sessions(void) {
  while (open_sessions > 0) real->call[13](sessions[--open_sessions], 0, 0, 0, 0, 0, 0, 0);
}

static int is_open(ulong_t session) {
  for (int i = 0; i < open_sessions; i++) if (sessions[i] == session) return 1;
  return 0;
}

/* What a call gets of a token that is out, or of a session that ended with it. Returns 1 when the call has to return *rv. */
static int is_missing(int at, const ulong_t a[8], ulong_t *rv) {
  const char *gone = getenv("KEYRITE_GONE");
  int of_slot = at == 6 || at == 7 || at == 8 || at == 9 || at == 12 || at == 14;
  int of_session = at == 10 || at == 11 || at == 13 || (at >= 15 && at <= 66);
  int of_list = at == 4 && a[0] == 1;
  if (gone == NULL || (!of_slot && !of_session && !of_list)) return 0;
  if (misses_token(gone)) {
    end_sessions();
    if (of_list) *(ulong_t *)a[2] = 0;
    *rv = of_list ? 0 : of_slot ? 0xe0 /* CKR_TOKEN_NOT_PRESENT */ : 0x32 /* CKR_DEVICE_REMOVED */;
    return 1;
  }
  if (!of_session || is_open(a[0])) return 0;
  *rv = 0xb3; /* CKR_SESSION_HANDLE_INVALID */
  return 1;
}

/* Keeps the list of open sessions, after a call that went well. */
static void keep_sessions(int at, const ulong_t a[8]) {
  if (at == 12) {
    if (open_sessions == MOST_SESSIONS) abort();
    sessions[open_sessions++] = *(ulong_t *)a[4];
  }
  for (int i = 0; at == 13 && i < open_sessions; i++) if (sessions[i] == a[0]) sessions[i--] = sessions[--open_sessions];
  if (at == 1 || at == 14) open_sessions = 0;
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
  } else if (strcmp(action, "remove") == 0 || strncmp(action, "remove-for-", 11) == 0) {
    take_out(action[6] == '\0' ? "" : action + 11);
    end_sessions();
    *rv = 0x32; /* CKR_DEVICE_REMOVED */
    return 1;
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
  if (role == 1 && getenv("KEYRITE_PAD_CHANGED") != NULL) role = 2;
  b[place] = (ulong_t)pin;
  b[place + 1] = typed(role, pin, sizeof pin);
  if (b[place + 1] == 0) return 0x50; /* CKR_FUNCTION_CANCELED */
  if (at == 11) { /* C_SetPIN: old and new */
    if (a[3] != 0 || a[4] != 0) return 0x7;
    b[3] = (ulong_t)after;
    b[4] = typed(2, after, sizeof after);
    if (b[4] == 0) b[4] = typed(role, after, sizeof after);
  }
  ulong_t rv = real->call[at](b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
  if (at == 11 && rv == 0) setenv("KEYRITE_PAD_CHANGED", "1", 1);
  return rv;
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

/* Whether the call asks for the mechanism that KEYRITE_LACKS names: it is the second argument of all that take one. */
static int is_lacking(int at, const ulong_t a[8]) {
  static const int takes[] = {29, 33, 37, 42, 46, 48, 52, 58, 59, 60, 61, 62};
  const char *lacks = getenv("KEYRITE_LACKS");
  if (lacks == NULL || a[1] == 0) return 0;
  for (size_t i = 0; i < sizeof takes / sizeof *takes; i++)
    if (takes[i] == at) return *(const ulong_t *)a[1] == strtoul(lacks, NULL, 16);
  return 0;
}

static ulong_t forward(int at, const char *name, const ulong_t a[8]) {
  char action[64];
  int after = 0;
  ulong_t rv = 0;
  if (is_missing(at, a, &rv)) return rv;
  write_down(at, name, a);
  int due = is_due(at, name, a, action, sizeof action, &after);
  if (due && !after && go_wrong(action, &rv)) return rv;
  if (is_lacking(at, a)) return 0x70;
  if (at == 64 && lies_about("random")) {
    for (ulong_t i = 0; i < a[2]; i += 1) ((unsigned char *)a[1])[i] = (unsigned char)(i * 7);
    rv = 0;
  } else if (at == 61 && lies_about("unwrap")) {
    rv = make_with_a_lie(61, 5, a);
  } else if (at == 58 && lies_about("generate")) {
    rv = make_with_a_lie(58, 2, a);
  } else {
    rv = call_token(at, a);
  }
  if (rv == 0) keep_sessions(at, a);
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
