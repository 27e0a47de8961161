/*
 * What pkcs11js cannot do: calls of a loaded PKCS#11 module with no PIN (the token's own pad) or with one that is wiped,
 * and what keeps a process's memory to itself. Linux, Node-API 8, compiled by scripts/setup/native-module.mjs.
 *
 * A wrong argument throws TypeError or RangeError; a system call that fails throws Error. Calls of a module return its
 * CK_RV: hsm/pkcs11 makes errors of them. A PIN is passed by pointer, never copied, and wiped before the function
 * returns, whatever the module answers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <node_api.h>

#define CK_PTR *
#define CK_DECLARE_FUNCTION(type, name) type name
#define CK_DECLARE_FUNCTION_POINTER(type, name) type(*name)
#define CK_CALLBACK_FUNCTION(type, name) type(*name)
#define NULL_PTR NULL
#include <pkcs11/pkcs11.h>

/* One process loads one module; tests load a few. */
#define MOST_MODULES 16
#define LABEL_BYTES 32
#define LONGEST_PIN 4096
/* Of a thread's name, its NUL not counted. */
#define LONGEST_NAME 15

static CK_FUNCTION_LIST_PTR modules[MOST_MODULES];
static size_t module_count;

/* Bytes of a Buffer or Uint8Array; `bytes` is NULL for null in JavaScript, and only then. */
struct view {
  unsigned char *bytes;
  size_t length;
};

enum kind { TYPE, RANGE, SYSTEM };

/* Throws. Returns NULL, which is what a function that threw returns. */
__attribute__((format(printf, 3, 4))) static napi_value fail(napi_env env, enum kind kind, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (kind == TYPE) napi_throw_type_error(env, NULL, text);
  else if (kind == RANGE) napi_throw_range_error(env, NULL, text);
  else napi_throw_error(env, NULL, text);
  return NULL;
}

/* Whether a function was given exactly so many arguments; throws otherwise. */
static int take(napi_env env, napi_callback_info info, size_t wanted, napi_value *values) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok && count == wanted) return 1;
  fail(env, TYPE, "arguments: expected %zu, got %zu", wanted, count);
  return 0;
}

/* What an array of no bytes points to: a PIN of length 0 is one, and NULL would say that there is none. */
static unsigned char nothing[1];

static int take_bytes(napi_env env, napi_value value, const char *label, struct view *view) {
  bool is_array = false;
  napi_typedarray_type type;
  size_t length = 0;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    fail(env, TYPE, "%s: expected a Uint8Array", label);
    return 0;
  }
  view->bytes = length == 0 || data == NULL ? nothing : data;
  view->length = data == NULL ? 0 : length;
  return 1;
}

static int take_pin(napi_env env, napi_value value, const char *label, struct view *pin) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_null) {
    *pin = (struct view){NULL, 0};
    return 1;
  }
  if (!take_bytes(env, value, label, pin)) return 0;
  if (pin->length <= LONGEST_PIN) return 1;
  fail(env, RANGE, "%s: expected at most %d bytes, got %zu", label, LONGEST_PIN, pin->length);
  return 0;
}

/* A slot or session as pkcs11js gives it: the bytes of a CK_ULONG. */
static int take_handle(napi_env env, napi_value value, const char *label, CK_ULONG *handle) {
  struct view view;
  if (!take_bytes(env, value, label, &view)) return 0;
  if (view.length != sizeof *handle) {
    fail(env, RANGE, "%s: expected %zu bytes, got %zu", label, sizeof *handle, view.length);
    return 0;
  }
  memcpy(handle, view.bytes, sizeof *handle);
  return 1;
}

static int take_number(napi_env env, napi_value value, const char *label, uint32_t limit, uint32_t *number) {
  double given = -1;
  if (napi_get_value_double(env, value, &given) != napi_ok) {
    fail(env, TYPE, "%s: expected a number", label);
    return 0;
  }
  if (!(given >= 0 && given < limit) || given != (double)(uint32_t)given) {
    fail(env, RANGE, "%s: expected an integer from 0 and below %u", label, limit);
    return 0;
  }
  *number = (uint32_t)given;
  return 1;
}

/* Text without NUL of less than `size` bytes. */
static int take_text(napi_env env, napi_value value, const char *label, char *text, size_t size) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    fail(env, TYPE, "%s: expected text", label);
    return 0;
  }
  if (length >= size || napi_get_value_string_utf8(env, value, text, size, &length) != napi_ok ||
      strlen(text) != length) {
    fail(env, RANGE, "%s: expected less than %zu bytes without NUL", label, size);
    return 0;
  }
  return 1;
}

static int take_module(napi_env env, napi_value value, CK_FUNCTION_LIST_PTR *module) {
  uint32_t number;
  if (!take_number(env, value, "module", (uint32_t)module_count, &number)) return 0;
  *module = modules[number];
  return 1;
}

static napi_value told(napi_env env, CK_RV rv) {
  napi_value number;
  if (napi_create_int64(env, (int64_t)rv, &number) == napi_ok) return number;
  return fail(env, SYSTEM, "return value: could not be made");
}

/*
 * Keeps the pages of a buffer from swap and core dumps. They stay so until the process ends: locks do not add up, and
 * what is beside the buffer may need its own.
 */
static int lock_pages(struct view view) {
  if (view.length == 0) return 1;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)view.bytes & ~(page - 1);
  size_t length = (uintptr_t)view.bytes + view.length - start;
  int locked = mlock((void *)start, length) == 0;
  int left_out = madvise((void *)start, length, MADV_DONTDUMP) == 0;
  return locked && left_out;
}

/* Best effort: where the system lets nobody lock more, the PIN is given all the same, and wiped. */
static void begin_pin(struct view pin) { lock_pages(pin); }

static void end_pin(struct view pin) {
  if (pin.bytes != NULL) explicit_bzero(pin.bytes, pin.length);
}

/* Whether a library was loaded from a path: by that name, or by another name of the same file. */
static int is_loaded_from(void *library, const char *path) {
  struct link_map *map = NULL;
  struct stat loaded, named;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return 0;
  if (strcmp(map->l_name, path) == 0) return 1;
  return stat(map->l_name, &loaded) == 0 && stat(path, &named) == 0 && loaded.st_dev == named.st_dev &&
         loaded.st_ino == named.st_ino;
}

/*
 * openModule(path): number. The module that this process has loaded from that very path, never a second copy of it.
 * Nothing is run but C_GetFunctionList, which gives the list that pkcs11js has.
 */
static napi_value open_module(napi_env env, napi_callback_info info) {
  napi_value values[1];
  char path[4096];
  if (!take(env, info, 1, values) || !take_text(env, values[0], "path", path, sizeof path)) return NULL;
  if (path[0] != '/') return fail(env, RANGE, "path: expected an absolute one");
  if (module_count == MOST_MODULES) return fail(env, RANGE, "modules: expected at most %d", MOST_MODULES);
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (library == NULL) return fail(env, SYSTEM, "%.300s is not loaded in this process", path);
  CK_C_GetFunctionList get_list = NULL;
  CK_FUNCTION_LIST_PTR list = NULL;
  if (!is_loaded_from(library, path)) {
    dlclose(library);
    return fail(env, SYSTEM, "what is loaded is not %.300s", path);
  }
  *(void **)&get_list = dlsym(library, "C_GetFunctionList");
  if (get_list == NULL || get_list(&list) != CKR_OK || list == NULL) {
    dlclose(library);
    return fail(env, SYSTEM, "%.300s has no list of functions", path);
  }
  /* The handle is kept: the library stays loaded as long as its list is in use here. */
  modules[module_count] = list;
  module_count += 1;
  return told(env, module_count - 1);
}

/* getInfo(module): number. Tells whether what pkcs11js initialised is what the list here leads to. */
static napi_value get_info(napi_env env, napi_callback_info info) {
  napi_value values[1];
  CK_FUNCTION_LIST_PTR module;
  CK_INFO about;
  if (!take(env, info, 1, values) || !take_module(env, values[0], &module)) return NULL;
  return told(env, module->C_GetInfo == NULL ? CKR_FUNCTION_NOT_SUPPORTED : module->C_GetInfo(&about));
}

/* login(module, session, userType, pin | null): number */
static napi_value login(napi_env env, napi_callback_info info) {
  napi_value values[4];
  CK_FUNCTION_LIST_PTR module;
  CK_SESSION_HANDLE session;
  uint32_t user_type;
  struct view pin;
  if (!take(env, info, 4, values) || !take_module(env, values[0], &module) ||
      !take_handle(env, values[1], "session", &session) ||
      !take_number(env, values[2], "user type", CKU_CONTEXT_SPECIFIC + 1, &user_type) ||
      !take_pin(env, values[3], "PIN", &pin))
    return NULL;
  begin_pin(pin);
  CK_RV rv = module->C_Login == NULL ? CKR_FUNCTION_NOT_SUPPORTED
                                     : module->C_Login(session, user_type, pin.bytes, pin.length);
  end_pin(pin);
  return told(env, rv);
}

/* initToken(module, slot, pin | null, label of 32 bytes): number */
static napi_value init_token(napi_env env, napi_callback_info info) {
  napi_value values[4];
  CK_FUNCTION_LIST_PTR module;
  CK_SLOT_ID slot;
  struct view pin, label;
  if (!take(env, info, 4, values) || !take_module(env, values[0], &module) ||
      !take_handle(env, values[1], "slot", &slot) || !take_bytes(env, values[3], "label", &label))
    return NULL;
  if (label.length != LABEL_BYTES)
    return fail(env, RANGE, "label: expected %d bytes, got %zu", LABEL_BYTES, label.length);
  if (!take_pin(env, values[2], "PIN", &pin)) return NULL;
  begin_pin(pin);
  CK_RV rv = module->C_InitToken == NULL ? CKR_FUNCTION_NOT_SUPPORTED
                                         : module->C_InitToken(slot, pin.bytes, pin.length, label.bytes);
  end_pin(pin);
  return told(env, rv);
}

/* initPin(module, session, pin | null): number */
static napi_value init_pin(napi_env env, napi_callback_info info) {
  napi_value values[3];
  CK_FUNCTION_LIST_PTR module;
  CK_SESSION_HANDLE session;
  struct view pin;
  if (!take(env, info, 3, values) || !take_module(env, values[0], &module) ||
      !take_handle(env, values[1], "session", &session) || !take_pin(env, values[2], "PIN", &pin))
    return NULL;
  begin_pin(pin);
  CK_RV rv = module->C_InitPIN == NULL ? CKR_FUNCTION_NOT_SUPPORTED
                                       : module->C_InitPIN(session, pin.bytes, pin.length);
  end_pin(pin);
  return told(env, rv);
}

/* setPin(module, session, old pin | null, new pin | null): number. Both come from the pad, or neither does. */
static napi_value set_pin(napi_env env, napi_callback_info info) {
  napi_value values[4];
  CK_FUNCTION_LIST_PTR module;
  CK_SESSION_HANDLE session;
  struct view before, after;
  if (!take(env, info, 4, values) || !take_module(env, values[0], &module) ||
      !take_handle(env, values[1], "session", &session) || !take_pin(env, values[2], "old PIN", &before) ||
      !take_pin(env, values[3], "new PIN", &after))
    return NULL;
  if ((before.bytes == NULL) != (after.bytes == NULL))
    return fail(env, TYPE, "PINs: expected two, or null for both");
  begin_pin(before);
  begin_pin(after);
  CK_RV rv = module->C_SetPIN == NULL
                 ? CKR_FUNCTION_NOT_SUPPORTED
                 : module->C_SetPIN(session, before.bytes, before.length, after.bytes, after.length);
  end_pin(before);
  end_pin(after);
  return told(env, rv);
}

/* lockMemory(bytes): boolean. Whether the pages of a buffer are kept from swap and dumps now. */
static napi_value lock_memory(napi_env env, napi_callback_info info) {
  napi_value values[1], locked;
  struct view view;
  if (!take(env, info, 1, values) || !take_bytes(env, values[0], "memory", &view)) return NULL;
  if (napi_get_boolean(env, lock_pages(view) != 0, &locked) == napi_ok) return locked;
  return fail(env, SYSTEM, "return value: could not be made");
}

/*
 * forbidDumps(): undefined. No core file, no core for a program of the system's (which the limit does not keep from one),
 * and no look into this process for others of the same user. Read back; throws when it did not take.
 */
static napi_value forbid_dumps(napi_env env, napi_callback_info info) {
  if (!take(env, info, 0, NULL)) return NULL;
  struct rlimit none = {0, 0}, is = {1, 1};
  if (setrlimit(RLIMIT_CORE, &none) != 0 || getrlimit(RLIMIT_CORE, &is) != 0 || is.rlim_cur != 0 || is.rlim_max != 0)
    return fail(env, SYSTEM, "the limit on core dumps could not be set: %s", strerror(errno));
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
    return fail(env, SYSTEM, "the process could not be made undumpable: %s", strerror(errno));
  return NULL;
}

/* nameThread(text): undefined. What /proc/<pid>/comm shows, also of a process that shows nothing else. */
static napi_value name_thread(napi_env env, napi_callback_info info) {
  napi_value values[1];
  char name[LONGEST_NAME + 1];
  if (!take(env, info, 1, values) || !take_text(env, values[0], "name", name, sizeof name)) return NULL;
  if (prctl(PR_SET_NAME, name, 0, 0, 0) == 0) return NULL;
  return fail(env, SYSTEM, "the thread could not be named: %s", strerror(errno));
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {
      {"openModule", open_module}, {"getInfo", get_info},          {"login", login},
      {"initToken", init_token},   {"initPin", init_pin},          {"setPin", set_pin},
      {"lockMemory", lock_memory}, {"forbidDumps", forbid_dumps}, {"nameThread", name_thread},
  };
  for (size_t at = 0; at < sizeof functions / sizeof functions[0]; at++) {
    napi_value function;
    const char *name = functions[at].name;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, functions[at].call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, name, function) != napi_ok)
      return fail(env, SYSTEM, "keyrite-native: %s could not be made", name);
  }
  return exports;
}
