/*
 * The calls of the bench in C, on the token and with the keys that the worker of the bench made (test/processes/bench-worker.ts):
 *
 *   calls MODULE LABEL      reads the user PIN, then lines `WORK COUNT` or `ask WORK COUNT`; answers each with nanoseconds
 *
 * WORK is sign (C_SignInit and C_Sign of a hash by ECDSA on P-256), wrap (C_WrapKey of 32 bytes by AES key wrap), unwrap
 * (C_UnwrapKey by RSA-2048 OAEP, C_DestroyObject) or nothing. `ask`: one at a time, on request of another process, which waits
 * for each answer at a socket, the request and the answer being as long as those of a worker.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long ulong_t;
typedef ulong_t (*function_t)(ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t, ulong_t);
struct function_list { unsigned char version[2]; function_t call[68]; };
struct mechanism { ulong_t type; const void *parameter; ulong_t length; };
struct oaep { ulong_t hash, mgf, source; void *data; ulong_t length; };
struct attribute { ulong_t type; const void *value; ulong_t length; };

enum { INITIALIZE = 0, SLOT_LIST = 4, TOKEN_INFO = 6, OPEN_SESSION = 12, LOGIN = 18, DESTROY = 22, GET_ATTRIBUTE = 24,
       FIND_INIT = 26, FIND = 27, FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43, WRAP = 60, UNWRAP = 61 };
#define MESSAGE_BYTES 64

static struct function_list *module;
static ulong_t session, ec, rsa, wrapping, wrapped;
static unsigned char text[256];

static void fail(const char *what, ulong_t rv) {
  fprintf(stderr, "calls: %s: 0x%lx\n", what, rv);
  exit(1);
}

#define P(pointer) ((ulong_t)(pointer))
static void make(int at, const char *what, ulong_t a, ulong_t b, ulong_t c, ulong_t d, ulong_t e, ulong_t f, ulong_t g, ulong_t h) {
  ulong_t rv = module->call[at](a, b, c, d, e, f, g, h);
  if (rv != 0) fail(what, rv);
}

static ulong_t find(const char *label) {
  struct attribute template = {0x3, label, strlen(label)};
  ulong_t object = 0, count = 0;
  make(FIND_INIT, "C_FindObjectsInit", session, P(&template), 1, 0, 0, 0, 0, 0);
  make(FIND, "C_FindObjects", session, P(&object), 1, P(&count), 0, 0, 0, 0);
  make(FIND_FINAL, "C_FindObjectsFinal", session, 0, 0, 0, 0, 0, 0, 0);
  if (count != 1) fail(label, count);
  return object;
}

static void open_token(const char *path, const char *label, char *pin) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  ulong_t (*get_list)(struct function_list **);
  if (library == NULL) fail(dlerror(), 0);
  *(void **)&get_list = dlsym(library, "C_GetFunctionList");
  if (get_list == NULL || get_list(&module) != 0) fail("C_GetFunctionList", 0);
  ulong_t slots[64], count = 64, of = 0;
  make(INITIALIZE, "C_Initialize", 0, 0, 0, 0, 0, 0, 0, 0);
  make(SLOT_LIST, "C_GetSlotList", 1, P(slots), P(&count), 0, 0, 0, 0, 0);
  for (of = 0; of < count; of++) {
    char info[256];
    make(TOKEN_INFO, "C_GetTokenInfo", slots[of], P(info), 0, 0, 0, 0, 0, 0);
    if (strncmp(info, label, strlen(label)) == 0 && info[strlen(label)] == ' ') break;
  }
  if (of == count) fail("no such token", 0);
  make(OPEN_SESSION, "C_OpenSession", slots[of], 6, 0, 0, P(&session), 0, 0, 0);
  make(LOGIN, "C_Login", session, 1, P(pin), strlen(pin), 0, 0, 0, 0);
  ec = find("bench:ec");
  rsa = find("bench:rsa");
  wrapping = find("bench:wrapping");
  wrapped = find("bench:wrapped");
  struct attribute value = {0x11, text, sizeof text};
  make(GET_ATTRIBUTE, "C_GetAttributeValue", session, find("bench:oaep"), P(&value), 1, 0, 0, 0, 0);
}

static void sign(void) {
  static const struct mechanism ecdsa = {0x1041, NULL, 0};
  static unsigned char digest[32], signature[1024];
  ulong_t length = sizeof signature;
  make(SIGN_INIT, "C_SignInit", session, P(&ecdsa), ec, 0, 0, 0, 0, 0);
  make(SIGN, "C_Sign", session, P(digest), sizeof digest, P(signature), P(&length), 0, 0, 0);
}

static void wrap(void) {
  static const struct mechanism key_wrap = {0x2109, NULL, 0};
  static unsigned char out[4096];
  ulong_t length = sizeof out;
  make(WRAP, "C_WrapKey", session, P(&key_wrap), wrapping, wrapped, P(out), P(&length), 0, 0);
}

static void unwrap(void) {
  static const struct oaep parameters = {0x220, 1, 1, NULL, 0};
  static const struct mechanism rsa_oaep = {0x9, &parameters, sizeof parameters};
  static const ulong_t secret_key = 4, aes = 0x1f;
  static const unsigned char yes = 1, no = 0;
  static const struct attribute template[] = {
    {0x0, &secret_key, sizeof secret_key}, {0x100, &aes, sizeof aes}, {0x1, &no, 1}, {0x103, &yes, 1}, {0x162, &no, 1}};
  ulong_t key = 0;
  make(UNWRAP, "C_UnwrapKey", session, P(&rsa_oaep), rsa, P(text), sizeof text, P(template), 5, P(&key));
  make(DESTROY, "C_DestroyObject", session, key, 0, 0, 0, 0, 0, 0);
}

static void nothing(void) {}

static void (*work_named(const char *name))(void) {
  if (strcmp(name, "sign") == 0) return sign;
  if (strcmp(name, "wrap") == 0) return wrap;
  if (strcmp(name, "unwrap") == 0) return unwrap;
  if (strcmp(name, "nothing") == 0) return nothing;
  fail(name, 0);
  return NULL;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Another process asks for each, and waits for the answer. */
static long long asked(void (*work)(void), long count) {
  int ends[2], done[2];
  char message[MESSAGE_BYTES] = {0};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || pipe(done) != 0) fail("socketpair", 0);
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    long long begun = now();
    for (long i = 0; i < count; i++) {
      if (write(ends[1], message, sizeof message) != sizeof message) _exit(1);
      if (read(ends[1], message, sizeof message) != sizeof message) _exit(1);
    }
    long long took = now() - begun;
    if (write(done[1], &took, sizeof took) != sizeof took) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  while (read(ends[0], message, sizeof message) == sizeof message) {
    work();
    if (write(ends[0], message, sizeof message) != sizeof message) break;
  }
  long long took = 0;
  if (read(done[0], &took, sizeof took) != sizeof took) fail("the asking process", 0);
  waitpid(child, NULL, 0);
  close(ends[0]);
  close(done[0]);
  close(done[1]);
  return took;
}

int main(int argc, char **argv) {
  char line[256], name[32];
  long count;
  if (argc != 3 || fgets(line, sizeof line, stdin) == NULL) fail("MODULE LABEL", 0);
  line[strcspn(line, "\n")] = '\0';
  open_token(argv[1], argv[2], line);
  while (fgets(line, sizeof line, stdin) != NULL) {
    int is_asked = sscanf(line, "ask %31s %ld", name, &count) == 2;
    if (!is_asked && sscanf(line, "%31s %ld", name, &count) != 2) fail("WORK COUNT", 0);
    void (*work)(void) = work_named(name);
    long long took;
    if (is_asked) {
      took = asked(work, count);
    } else {
      long long begun = now();
      for (long i = 0; i < count; i++) work();
      took = now() - begun;
    }
    printf("%lld\n", took);
    fflush(stdout);
  }
  return 0;
}
