/*
 * Computes the verification pattern of an AES key on a token, with nothing but the module itself: no code of Keyrite,
 * no library, not even a PKCS#11 header. The pattern is AES-CMAC of sixteen 0x01 bytes, then of sixteen 0x02 bytes.
 *
 *   cc -std=c11 -o verification-pattern verification-pattern.c -ldl
 *   ./verification-pattern MODULE TOKEN-LABEL KEY-LABEL < user-pin
 *
 * Prints "pattern <64 hex digits>", then one line per attribute. Exit 0 when exactly one token and one key were found.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long ulong_t;
typedef ulong_t (*function_t)();

/* Cryptoki structures, as PKCS#11 2.40 lays them out on UNIX (natural alignment). */
struct function_list { unsigned char version[2]; function_t call[68]; };
struct initialize_args { void *mutex[4]; ulong_t flags; void *reserved; };
struct attribute { ulong_t type; void *value; ulong_t length; };
struct mechanism { ulong_t type; void *parameter; ulong_t length; };
struct token_info { unsigned char label[32]; unsigned char rest[256]; };

/* Places of the functions in the list; their order is fixed by the standard. */
enum {
  C_INITIALIZE = 0, C_FINALIZE = 1, C_GET_SLOT_LIST = 4, C_GET_TOKEN_INFO = 6, C_OPEN_SESSION = 12, C_LOGIN = 18,
  C_GET_ATTRIBUTE_VALUE = 24, C_FIND_OBJECTS_INIT = 26, C_FIND_OBJECTS = 27, C_FIND_OBJECTS_FINAL = 28,
  C_SIGN_INIT = 42, C_SIGN = 43
};

static const struct { const char *name; ulong_t type; } FLAGS[] = {
  {"CKA_TOKEN", 0x1}, {"CKA_PRIVATE", 0x2}, {"CKA_SENSITIVE", 0x103}, {"CKA_EXTRACTABLE", 0x162},
  {"CKA_ENCRYPT", 0x104}, {"CKA_DECRYPT", 0x105}, {"CKA_WRAP", 0x106}, {"CKA_UNWRAP", 0x107},
  {"CKA_SIGN", 0x108}, {"CKA_VERIFY", 0x10a}, {"CKA_DERIVE", 0x10c}};

static struct function_list *module;

static void check(ulong_t rv, const char *what) {
  if (rv == 0) return;
  fprintf(stderr, "%s: 0x%lx\n", what, rv);
  exit(1);
}

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static ulong_t slot_of(const char *label) {
  ulong_t slots[256], count = 256, found = 0;
  int matches = 0;
  unsigned char padded[32];
  if (strlen(label) > sizeof padded) fail("token label: longer than 32 bytes");
  memset(padded, ' ', sizeof padded);
  memcpy(padded, label, strlen(label));
  check(module->call[C_GET_SLOT_LIST]((unsigned char)1, slots, &count), "C_GetSlotList");
  for (ulong_t at = 0; at < count; at++) {
    struct token_info info;
    memset(&info, 0, sizeof info);
    if (module->call[C_GET_TOKEN_INFO](slots[at], &info) != 0) continue;
    if (memcmp(info.label, padded, sizeof padded) != 0) continue;
    found = slots[at];
    matches++;
  }
  if (matches != 1) fail("expected exactly one token with this label");
  return found;
}

static ulong_t key_of(ulong_t session, const char *label) {
  ulong_t class = 4, keys[2], count = 0; /* CKO_SECRET_KEY */
  struct attribute wanted[] = {{0x0, &class, sizeof class}, {0x3, (void *)label, strlen(label)}};
  check(module->call[C_FIND_OBJECTS_INIT](session, wanted, 2UL), "C_FindObjectsInit");
  check(module->call[C_FIND_OBJECTS](session, keys, 2UL, &count), "C_FindObjects");
  check(module->call[C_FIND_OBJECTS_FINAL](session), "C_FindObjectsFinal");
  if (count != 1) fail("expected exactly one secret key with this label");
  return keys[0];
}

static void print_cmac(ulong_t session, ulong_t key, int byte) {
  struct mechanism cmac = {0x108a, NULL, 0}; /* CKM_AES_CMAC */
  unsigned char block[16], mac[16];
  ulong_t length = sizeof mac;
  memset(block, byte, sizeof block);
  check(module->call[C_SIGN_INIT](session, &cmac, key), "C_SignInit");
  check(module->call[C_SIGN](session, block, (ulong_t)sizeof block, mac, &length), "C_Sign");
  if (length != sizeof mac) fail("C_Sign: expected 16 bytes");
  for (size_t at = 0; at < sizeof mac; at++) printf("%02x", mac[at]);
}

static void print_attributes(ulong_t session, ulong_t key) {
  ulong_t key_type = 0;
  struct attribute type = {0x100, &key_type, sizeof key_type};
  check(module->call[C_GET_ATTRIBUTE_VALUE](session, key, &type, 1UL), "C_GetAttributeValue CKA_KEY_TYPE");
  printf("CKA_KEY_TYPE %s\n", key_type == 0x1f ? "AES" : "other");
  for (size_t at = 0; at < sizeof FLAGS / sizeof FLAGS[0]; at++) {
    unsigned char flag = 0;
    struct attribute one = {FLAGS[at].type, &flag, sizeof flag};
    ulong_t rv = module->call[C_GET_ATTRIBUTE_VALUE](session, key, &one, 1UL);
    printf("%s %s\n", FLAGS[at].name, rv != 0 ? "untold" : flag ? "true" : "false");
  }
  struct attribute value = {0x11, NULL, 0}; /* CKA_VALUE: must not be told */
  ulong_t rv = module->call[C_GET_ATTRIBUTE_VALUE](session, key, &value, 1UL);
  printf("CKA_VALUE %s\n", rv == 0x11 ? "sensitive" : rv != 0 ? "untold" : "READABLE");
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: verification-pattern MODULE TOKEN-LABEL KEY-LABEL < user-pin");
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail(dlerror());
  ulong_t (*get_list)(struct function_list **);
  *(void **)&get_list = dlsym(library, "C_GetFunctionList");
  if (get_list == NULL) fail("no C_GetFunctionList");
  check(get_list(&module), "C_GetFunctionList");
  struct initialize_args arguments = {{NULL, NULL, NULL, NULL}, 2, NULL}; /* CKF_OS_LOCKING_OK */
  check(module->call[C_INITIALIZE](&arguments), "C_Initialize");

  char pin[256];
  if (fgets(pin, sizeof pin, stdin) == NULL) fail("no PIN on standard input");
  pin[strcspn(pin, "\n")] = '\0';
  ulong_t session = 0;
  check(module->call[C_OPEN_SESSION](slot_of(argv[2]), 4UL, NULL, NULL, &session), "C_OpenSession");
  check(module->call[C_LOGIN](session, 1UL, pin, (ulong_t)strlen(pin)), "C_Login");
  memset(pin, 0, sizeof pin);

  ulong_t key = key_of(session, argv[3]);
  printf("pattern ");
  print_cmac(session, key, 1);
  print_cmac(session, key, 2);
  printf("\n");
  print_attributes(session, key);
  check(module->call[C_FINALIZE](NULL), "C_Finalize");
  return 0;
}
