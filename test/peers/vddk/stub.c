/*
 * Stands in for VMware's libvixDiskLib: as many of its functions as nbdkit's vddk plugin calls, over one raw file.
 *
 * It lies in WORLD/lib64/libvixDiskLib.so.8 and finds in WORLD: `expected` (lines `key value`: what it wants to be told), `disk.raw`,
 * `fault` (a word: what goes wrong, read again for each connection) and `log`, to which it adds what it was told. The password is
 * compared and never written anywhere.
 *
 * Shows: arguments, bytes, allocated blocks, several reads in flight, what becomes of errors. Does not show: how the real library
 * behaves, its speed, its transports. Words of errors are those that its users report (man page nbdkit-vddk-plugin, issue trackers).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define OK 0
#define E_FAIL 1
#define E_RIGHTS 13
#define E_LOCKED 16392
#define E_PERMISSION 3014
#define E_REFUSED 14009
#define E_LOST 14010
#define ASYNC 25000

typedef uint64_t VixError;
typedef void LogFunction (const char *format, va_list arguments);
typedef void Completion (void *data, VixError result);

/* As vixDiskLib.h of VDDK 7 and 8 lays them out. */
struct connect_params {
  char *vmx_spec;
  char *server;
  char *thumbprint;
  long reserved1;
  int credential_type;
  union {
    struct { char *user, *password; } uid;
    struct { char *cookie, *user, *key; } session;
  } credentials;
  uint32_t port;
  uint32_t nfc_host_port;
  char *reserved3;
  char reserved4[8];
  void *reserved5;
  struct { char *id, *datastore, *snapshot; } object;
  int spec_type;
};

struct geometry { uint32_t cylinders, heads, sectors; };

struct info {
  struct geometry bios, physical;
  uint64_t capacity;
  int adapter;
  int links;
  char *parent_hint;
  char *uuid;
  uint32_t logical_sector;
  uint32_t physical_sector;
};

struct block { uint64_t offset, length; };
struct block_list { uint32_t count; struct block blocks[]; };

struct connection { bool right_thumbprint, right_login, right_vm; char fault[64]; };

struct handle {
  int fd;
  char fault[64];
  int reads;
  int in_flight;
  pthread_mutex_t lock;
  pthread_cond_t idle;
};

static LogFunction *say_debug, *say_error;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void call (LogFunction *function, const char *format, ...)
{
  va_list arguments;
  if (function == NULL) return;
  va_start (arguments, format);
  function (format, arguments);
  va_end (arguments);
}

/* The path of a file in WORLD. */
static const char *in_world (const char *name, char *path, size_t size)
{
  Dl_info self;
  char *end;
  dladdr ((void *) in_world, &self);
  snprintf (path, size, "%s", self.dli_fname);
  for (int up = 0; up < 2; up++) if ((end = strrchr (path, '/')) != NULL) *end = '\0';
  end = path + strlen (path);
  snprintf (end, size - (end - path), "/%s", name);
  return path;
}

static void note (const char *format, ...)
{
  char path[4096];
  va_list arguments;
  pthread_mutex_lock (&log_lock);
  FILE *file = fopen (in_world ("log", path, sizeof path), "a");
  if (file != NULL) {
    va_start (arguments, format);
    vfprintf (file, format, arguments);
    va_end (arguments);
    fputc ('\n', file);
    fclose (file);
  }
  pthread_mutex_unlock (&log_lock);
}

/* First line of a file, or the value of `key` in it; empty when there is none. */
static void look_up (const char *name, const char *key, char *value, size_t size)
{
  char path[4096], line[4096];
  value[0] = '\0';
  FILE *file = fopen (in_world (name, path, sizeof path), "r");
  if (file == NULL) return;
  while (fgets (line, sizeof line, file) != NULL) {
    line[strcspn (line, "\n")] = '\0';
    size_t length = strlen (key);
    if (length > 0 && (strncmp (line, key, length) != 0 || line[length] != ' ')) continue;
    snprintf (value, size, "%s", line + (length > 0 ? length + 1 : 0));
    break;
  }
  fclose (file);
}

static bool is (const char *key, const char *told)
{
  char expected[1024];
  look_up ("expected", key, expected, sizeof expected);
  return strcmp (expected, told != NULL ? told : "") == 0;
}

VixError VixDiskLib_InitEx (uint32_t major, uint32_t minor, LogFunction *debug, LogFunction *warn, LogFunction *panic,
                            const char *folder, const char *config)
{
  char fault[64];
  (void) panic;
  say_debug = debug;
  say_error = warn;
  note ("init %" PRIu32 ".%" PRIu32 " folder=%s config=%s", major, minor, folder, config != NULL ? config : "");
  look_up ("fault", "", fault, sizeof fault);
  return strcmp (fault, "init") == 0 ? E_FAIL : OK;
}

void VixDiskLib_Exit (void) { note ("exit"); }

const char *VixDiskLib_ListTransportModes (void) { return "file:nbdssl:nbd"; }

char *VixDiskLib_GetErrorText (VixError error, const char *unused)
{
  (void) unused;
  switch (error) {
  case E_RIGHTS: return strdup ("You do not have access rights to this file");
  case E_LOCKED: return strdup ("Failed to lock the file");
  case E_PERMISSION: return strdup ("Insufficient permissions in the host operating system");
  case E_REFUSED: return strdup ("The server refused connection");
  case E_LOST: return strdup ("There was an error in the communication");
  default: return strdup ("Unknown error");
  }
}

void VixDiskLib_FreeErrorText (char *text) { free (text); }

struct connect_params *VixDiskLib_AllocateConnectParams (void) { return calloc (1, sizeof (struct connect_params)); }
void VixDiskLib_FreeConnectParams (struct connect_params *params) { free (params); }

VixError VixDiskLib_ConnectEx (const struct connect_params *params, char read_only, const char *snapshot, const char *transports,
                               struct connection **connection)
{
  struct connection *made = calloc (1, sizeof *made);
  const char *user = params->credentials.uid.user, *password = params->credentials.uid.password;
  made->right_thumbprint = is ("thumbprint", params->thumbprint);
  made->right_login = params->credential_type == 1 && is ("user", user) && is ("password", password);
  made->right_vm = is ("server", params->server) && is ("vm", params->vmx_spec) && is ("snapshot", snapshot);
  look_up ("fault", "", made->fault, sizeof made->fault);
  note ("connect server=%s port=%" PRIu32 " thumbprint=%s user=%s password=%s vm=%s snapshot=%s transports=%s read-only=%d",
        params->server, params->port, params->thumbprint, user, is ("password", password) ? "right" : "wrong", params->vmx_spec,
        snapshot != NULL ? snapshot : "", transports != NULL ? transports : "", read_only);
  *connection = made;
  return OK;
}

VixError VixDiskLib_Disconnect (struct connection *connection)
{
  note ("disconnect");
  free (connection);
  return OK;
}

/* What goes wrong between the login and the disk. */
static VixError trouble (const struct connection *connection, const char *path)
{
  char actual[1024];
  look_up ("expected", "thumbprint", actual, sizeof actual);
  if (!connection->right_thumbprint) {
    call (say_debug, "VixDiskLibVim: Failed to verify SSL certificate: actual thumbprint=%s expected=another\n", actual);
    return E_FAIL;
  }
  if (!connection->right_login) {
    call (say_error, "VixDiskLibVim: Login failure: Cannot complete login due to an incorrect user name or password.\n");
    return E_PERMISSION;
  }
  if (!connection->right_vm) {
    call (say_error, "VixDiskLibVim: Not able to find the VM.\n");
    return E_FAIL;
  }
  if (strcmp (connection->fault, "port") == 0) {
    call (say_error, "[NFC ERROR] NfcNewAuthdConnectionEx: Failed to connect: Failed to connect to server esx7.example:902\n");
    return E_REFUSED;
  }
  if (strcmp (connection->fault, "version") == 0) {
    call (say_error, "VixDiskLibVim: The API version of the server is not supported by this version of the library.\n");
    return E_FAIL;
  }
  if (strcmp (connection->fault, "locked") == 0) return E_LOCKED;
  if (strcmp (connection->fault, "crash") == 0) abort ();
  if (!is ("file", path)) return E_RIGHTS;
  return OK;
}

VixError VixDiskLib_Open (struct connection *connection, const char *path, uint32_t flags, struct handle **handle)
{
  char file[4096];
  note ("open %s flags=%" PRIu32, path, flags);
  VixError error = trouble (connection, path);
  if (error != OK) return error;
  struct handle *made = calloc (1, sizeof *made);
  made->fd = open (in_world ("disk.raw", file, sizeof file), O_RDONLY | O_CLOEXEC);
  memcpy (made->fault, connection->fault, sizeof made->fault);
  pthread_mutex_init (&made->lock, NULL);
  pthread_cond_init (&made->idle, NULL);
  *handle = made;
  return made->fd >= 0 ? OK : E_RIGHTS;
}

const char *VixDiskLib_GetTransportMode (struct handle *handle) { (void) handle; return "nbdssl"; }

VixError VixDiskLib_Wait (struct handle *handle)
{
  pthread_mutex_lock (&handle->lock);
  while (handle->in_flight > 0) pthread_cond_wait (&handle->idle, &handle->lock);
  pthread_mutex_unlock (&handle->lock);
  return OK;
}

VixError VixDiskLib_Close (struct handle *handle)
{
  VixDiskLib_Wait (handle);
  note ("close");
  close (handle->fd);
  free (handle);
  return OK;
}

static uint64_t size_of (struct handle *handle)
{
  struct stat found;
  fstat (handle->fd, &found);
  return found.st_size;
}

VixError VixDiskLib_GetInfo (struct handle *handle, struct info **info)
{
  *info = calloc (1, sizeof **info);
  (*info)->capacity = size_of (handle) / SECTOR;
  (*info)->links = 1;
  (*info)->logical_sector = (*info)->physical_sector = SECTOR;
  return OK;
}

void VixDiskLib_FreeInfo (struct info *info) { free (info); }

static VixError read_all (int fd, uint64_t offset, uint64_t length, unsigned char *into)
{
  while (length > 0) {
    ssize_t count = pread (fd, into, length, offset);
    if (count <= 0) return E_FAIL;
    into += count;
    offset += count;
    length -= count;
  }
  return OK;
}

VixError VixDiskLib_Read (struct handle *handle, uint64_t start, uint64_t count, unsigned char *into)
{
  return read_all (handle->fd, start * SECTOR, count * SECTOR, into);
}

struct job { struct handle *handle; uint64_t start, count; unsigned char *into; Completion *done; void *data; bool lost; };

static void *run (void *opaque)
{
  struct job *job = opaque;
  struct handle *handle = job->handle;
  VixError result = job->lost ? E_LOST : VixDiskLib_Read (handle, job->start, job->count, job->into);
  job->done (job->data, result);
  free (job);
  pthread_mutex_lock (&handle->lock);
  if (--handle->in_flight == 0) pthread_cond_broadcast (&handle->idle);
  pthread_mutex_unlock (&handle->lock);
  return NULL;
}

/* With the fault `lost` every connection is lost after its third read, with `die` the process. */
VixError VixDiskLib_ReadAsync (struct handle *handle, uint64_t start, uint64_t count, unsigned char *into, Completion *done, void *data)
{
  pthread_t thread;
  struct job *job = malloc (sizeof *job);
  pthread_mutex_lock (&handle->lock);
  bool late = ++handle->reads > 3;
  bool lost = late && strcmp (handle->fault, "lost") == 0;
  if (late && strcmp (handle->fault, "die") == 0) abort ();
  *job = (struct job) { handle, start, count, into, done, data, lost || strcmp (handle->fault, "unreadable") == 0 };
  handle->in_flight++;
  pthread_mutex_unlock (&handle->lock);
  if (pthread_create (&thread, NULL, run, job) != 0) abort ();
  pthread_detach (thread);
  return ASYNC;
}

/* Chunks that hold anything, as the file system knows it. */
VixError VixDiskLib_QueryAllocatedBlocks (struct handle *handle, uint64_t start, uint64_t count, uint64_t chunk,
                                          struct block_list **list)
{
  uint64_t end = start + count;
  if (end * SECTOR > size_of (handle)) return E_FAIL;
  struct block_list *made = calloc (1, sizeof *made + (count / chunk + 1) * sizeof (struct block));
  for (uint64_t at = start; at < end; ) {
    off_t data = lseek (handle->fd, at * SECTOR, SEEK_DATA);
    if (data < 0 || (uint64_t) data >= end * SECTOR) break;
    off_t hole = lseek (handle->fd, data, SEEK_HOLE);
    uint64_t first = data / SECTOR / chunk * chunk;
    uint64_t last = ((hole + SECTOR - 1) / SECTOR + chunk - 1) / chunk * chunk;
    if (first < at) first = at;
    if (last > end) last = end;
    struct block *before = made->count > 0 ? &made->blocks[made->count - 1] : NULL;
    if (before != NULL && before->offset + before->length == first) before->length += last - first;
    else made->blocks[made->count++] = (struct block) { first, last - first };
    at = last;
  }
  *list = made;
  return OK;
}

VixError VixDiskLib_FreeBlockList (struct block_list *list)
{
  free (list);
  return OK;
}

/* Nothing here writes. */
VixError VixDiskLib_Write (void *handle, uint64_t start, uint64_t count, const unsigned char *from)
{
  (void) handle, (void) start, (void) count, (void) from;
  return E_FAIL;
}

VixError VixDiskLib_WriteAsync (void *handle, uint64_t start, uint64_t count, const unsigned char *from, Completion *done, void *data)
{
  (void) handle, (void) start, (void) count, (void) from, (void) done, (void) data;
  return E_FAIL;
}

VixError VixDiskLib_Create (void *connection, const char *path, const void *params, void *progress, void *data)
{
  (void) connection, (void) path, (void) params, (void) progress, (void) data;
  return E_FAIL;
}

VixError VixDiskLib_Flush (void *handle)
{
  (void) handle;
  return OK;
}
