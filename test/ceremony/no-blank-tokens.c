/*
 * SoftHSM2 without its spare token: a PKCS#11 module all of whose tokens are initialised, as an HSM in use is. For tests
 * only.
 *
 *   cc -std=c11 -shared -fPIC -o no-blank-tokens.so no-blank-tokens.c -ldl
 */
#include <dlfcn.h>
#include <stddef.h>

typedef unsigned long ulong_t;
typedef ulong_t (*function_t)();
struct function_list { unsigned char version[2]; function_t call[68]; };
enum { GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6 };
enum { OK = 0, BUFFER_TOO_SMALL = 0x150 };
#define TOKEN_INITIALIZED 0x400UL
/* CK_TOKEN_INFO: label 32, manufacturer 32, model 16 and serial 16 characters, then the flags. */
struct token_info { char text[96]; ulong_t flags; ulong_t numbers[10]; char rest[24]; };

static struct function_list *real, list;

static ulong_t initialised_slots(unsigned char present, ulong_t *slots, ulong_t *count) {
  ulong_t all[64], number = 64, found = 0;
  ulong_t result = real->call[GET_SLOT_LIST](present, all, &number);
  if (result != OK) return result;
  for (ulong_t i = 0; i < number; i += 1) {
    struct token_info info;
    if (real->call[GET_TOKEN_INFO](all[i], &info) != OK || !(info.flags & TOKEN_INITIALIZED)) continue;
    if (slots != NULL && found < *count) slots[found] = all[i];
    found += 1;
  }
  ulong_t room = *count;
  *count = found;
  return slots != NULL && room < found ? BUFFER_TOO_SMALL : OK;
}

ulong_t C_GetFunctionList(struct function_list **out) {
  void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return 5;
  function_t get = (function_t)dlsym(library, "C_GetFunctionList");
  if (get == NULL) return 5;
  ulong_t result = get(&real);
  if (result != OK) return result;
  list = *real;
  list.call[GET_SLOT_LIST] = (function_t)initialised_slots;
  *out = &list;
  return OK;
}
