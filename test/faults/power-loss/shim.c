/*
 * Records what a program does to the files below one folder, for tests of power loss: loaded with
 * LD_PRELOAD, it writes each change, each sync and each note of the program to a trace, in the order
 * in which they happened. From the trace, any moment can be chosen for the power to fail, and what a
 * disk would then hold be put together (trace.ts and disk-model.ts).
 *
 *   POWER_ROOT   the folder, as an absolute path without symbolic links
 *   POWER_TRACE  the file that takes the trace
 *   POWER_NOTES  what the program writes to this file becomes notes: what it has promised by then
 *
 * One lock around each call makes the trace's order the real one. A sync is recorded, not done: the
 * real disk is not what is tested. What goes through stdio, as LevelDB's files do, is appended only,
 * and is taken from the file when the stream is flushed, synced or closed. Memory maps are not seen;
 * a test compares the trace with the real folder, so that nothing can be missed unnoticed.
 *
 * A record: u32 kind, u32 bytes of text, u32 bytes of data, u32 zero, u64 inode, u64 offset or size;
 * then the text (a path below the root; two, with a zero byte between, for a rename), then the data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN = 1, CREATE, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MAKE_FOLDER, NOTE };

struct record {
  uint32_t kind, text_bytes, data_bytes, zero;
  uint64_t inode, at;
};

#define DESCRIPTORS_MAX 65536
#define FOLDERS_MAX 1024
enum use { NOT_OURS, FILE_BELOW, STREAM_BELOW, FOLDER_BELOW, NOTES };

static unsigned char used_for[DESCRIPTORS_MAX];
static char folder_of[FOLDERS_MAX][PATH_MAX];
/* How much of a stream's file is in the trace. */
static off_t traced_of[DESCRIPTORS_MAX];
static const char *root, *notes;
static size_t root_bytes;
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

__attribute__((constructor)) static void start(void) {
  root = getenv("POWER_ROOT");
  notes = getenv("POWER_NOTES");
  const char *path = getenv("POWER_TRACE");
  if (!root || !notes || !path) return;
  root_bytes = strlen(root);
  trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t done = REAL(write)(trace, at, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) abort(); /* A trace with a hole would judge the program wrongly. */
    at += done;
    count -= (size_t)done;
  }
}

static void record(enum kind kind, uint64_t inode, uint64_t at, const char *text, size_t text_bytes,
                   const void *data, size_t data_bytes) {
  int kept = errno;
  struct record head = {kind, (uint32_t)text_bytes, (uint32_t)data_bytes, 0, inode, at};
  put(&head, sizeof head);
  put(text, text_bytes);
  put(data, data_bytes);
  errno = kept;
}

/* The path below the root, or NULL when it lies elsewhere. */
static const char *below(const char *path, char *room) {
  if (trace < 0 || !path) return NULL;
  if (path[0] == '/') {
    if (strlen(path) >= PATH_MAX) return NULL;
    strcpy(room, path);
  } else {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return NULL;
    if (snprintf(room, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
  }
  size_t length = strlen(room);
  while (length > 1 && room[length - 1] == '/') room[--length] = 0;
  if (strncmp(room, root, root_bytes) != 0) return NULL;
  if (room[root_bytes] == 0) return room + root_bytes;
  return room[root_bytes] == '/' ? room + root_bytes + 1 : NULL;
}

static enum use use_of(int fd) {
  return trace >= 0 && fd >= 0 && fd < DESCRIPTORS_MAX ? used_for[fd] : NOT_OURS;
}

static uint64_t inode_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

static int opened(int fd, const char *path, int existed, int flags) {
  char room[PATH_MAX];
  struct stat info;
  if (fd < 0 || fd >= DESCRIPTORS_MAX || trace < 0) return fd;
  used_for[fd] = NOT_OURS;
  if (strcmp(path, notes) == 0) {
    used_for[fd] = NOTES;
    return fd;
  }
  const char *name = below(path, room);
  if (!name || fstat(fd, &info) != 0) return fd;
  if (S_ISDIR(info.st_mode)) {
    if (fd < FOLDERS_MAX) {
      used_for[fd] = FOLDER_BELOW;
      strcpy(folder_of[fd], name);
    }
    return fd;
  }
  used_for[fd] = FILE_BELOW;
  record(existed ? OPEN : CREATE, info.st_ino, 0, name, strlen(name), "", 0);
  if (existed && (flags & O_TRUNC)) record(TRUNCATE, info.st_ino, 0, "", 0, "", 0);
  return fd;
}

#define OPEN_LIKE(name)                                                 \
  int name(const char *path, int flags, ...) {                          \
    mode_t mode = 0;                                                    \
    if (flags & (O_CREAT | __O_TMPFILE)) {                              \
      va_list more;                                                     \
      va_start(more, flags);                                            \
      mode = va_arg(more, mode_t);                                      \
      va_end(more);                                                     \
    }                                                                   \
    pthread_mutex_lock(&lock);                                          \
    int existed = access(path, F_OK) == 0;                              \
    int fd = opened(REAL(name)(path, flags, mode), path, existed, flags); \
    pthread_mutex_unlock(&lock);                                        \
    return fd;                                                          \
  }
OPEN_LIKE(open)
OPEN_LIKE(open64)

int close(int fd) {
  if (fd >= 0 && fd < DESCRIPTORS_MAX) used_for[fd] = NOT_OURS;
  return REAL(close)(fd);
}

static void wrote(int fd, const void *bytes, ssize_t count, off_t at) {
  if (count <= 0) return;
  if (use_of(fd) == NOTES) record(NOTE, 0, 0, "", 0, bytes, (size_t)count);
  else record(WRITE, inode_of(fd), (uint64_t)at, "", 0, bytes, (size_t)count);
}

/* Where the next write without a position goes. */
static off_t position(int fd) {
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  struct stat info;
  return appends && fstat(fd, &info) == 0 ? info.st_size : lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (use_of(fd) != FILE_BELOW && use_of(fd) != NOTES) return REAL(write)(fd, bytes, count);
  pthread_mutex_lock(&lock);
  off_t at = position(fd);
  ssize_t done = REAL(write)(fd, bytes, count);
  wrote(fd, bytes, done, at);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  if (use_of(fd) != FILE_BELOW && use_of(fd) != NOTES) return REAL(pwrite64)(fd, bytes, count, at);
  pthread_mutex_lock(&lock);
  ssize_t done = REAL(pwrite64)(fd, bytes, count, at);
  wrote(fd, bytes, done, at);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return pwrite64(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (use_of(fd) != FILE_BELOW && use_of(fd) != NOTES) return REAL(writev)(fd, parts, count);
  ssize_t all = 0; /* One write each: a trace needs no atomic one. */
  for (int i = 0; i < count; i++) {
    ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return all > 0 ? all : done;
    all += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return all;
}

int ftruncate64(int fd, off64_t size) {
  pthread_mutex_lock(&lock);
  int result = REAL(ftruncate64)(fd, size);
  if (result == 0 && use_of(fd) == FILE_BELOW)
    record(TRUNCATE, inode_of(fd), (uint64_t)size, "", 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* Records what has reached a stream's file since the last look. */
static void catch_up(int fd) {
  char path[64], part[65536];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reader = REAL(open)(path, O_RDONLY | O_CLOEXEC);
  if (reader < 0) abort();
  ssize_t count;
  while ((count = pread(reader, part, sizeof part, traced_of[fd])) > 0) {
    record(WRITE, inode_of(fd), (uint64_t)traced_of[fd], "", 0, part, (size_t)count);
    traced_of[fd] += count;
  }
  REAL(close)(reader);
}

#define FOPEN_LIKE(name)                                                         \
  FILE *name(const char *path, const char *mode) {                               \
    pthread_mutex_lock(&lock);                                                   \
    int existed = access(path, F_OK) == 0;                                       \
    FILE *stream = REAL(name)(path, mode);                                       \
    if (stream && mode[0] != 'r') {                                              \
      int fd = opened(fileno(stream), path, existed, mode[0] == 'w' ? O_TRUNC : 0); \
      struct stat info;                                                          \
      if (use_of(fd) == FILE_BELOW && fstat(fd, &info) == 0) {                   \
        used_for[fd] = STREAM_BELOW;                                             \
        traced_of[fd] = info.st_size;                                            \
      }                                                                          \
    }                                                                            \
    pthread_mutex_unlock(&lock);                                                 \
    return stream;                                                               \
  }
FOPEN_LIKE(fopen)
FOPEN_LIKE(fopen64)

static int flushed(FILE *stream, int result) {
  if (stream && use_of(fileno(stream)) == STREAM_BELOW) {
    pthread_mutex_lock(&lock);
    catch_up(fileno(stream));
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fflush(FILE *stream) { return flushed(stream, REAL(fflush)(stream)); }
int fflush_unlocked(FILE *stream) { return flushed(stream, REAL(fflush_unlocked)(stream)); }

int fclose(FILE *stream) {
  int fd = fileno(stream);
  if (use_of(fd) == STREAM_BELOW) {
    fflush(stream);
    used_for[fd] = NOT_OURS;
  }
  return REAL(fclose)(stream);
}

static int synced(int fd, int (*sync)(int)) {
  enum use use = use_of(fd);
  if (use == NOT_OURS || use == NOTES) return sync(fd);
  pthread_mutex_lock(&lock);
  if (use == STREAM_BELOW) catch_up(fd);
  if (use != FOLDER_BELOW) record(SYNC, inode_of(fd), 0, "", 0, "", 0);
  else record(SYNC_FOLDER, 0, 0, folder_of[fd], strlen(folder_of[fd]), "", 0);
  pthread_mutex_unlock(&lock);
  return 0;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int rename(const char *from, const char *to) {
  char room[2 * PATH_MAX + 1], other[PATH_MAX];
  pthread_mutex_lock(&lock);
  int result = REAL(rename)(from, to);
  const char *source = below(from, room), *target = below(to, other);
  if (result == 0 && source && target) {
    size_t bytes = strlen(source) + 1 + strlen(target);
    memmove(room, source, strlen(source) + 1);
    strcpy(room + strlen(room) + 1, target);
    record(RENAME, 0, 0, room, bytes, "", 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int removed(const char *path, int result) {
  char room[PATH_MAX];
  const char *name = below(path, room);
  if (result == 0 && name) record(UNLINK, 0, 0, name, strlen(name), "", 0);
  return result;
}

#define REMOVE_LIKE(name)                       \
  int name(const char *path) {                  \
    pthread_mutex_lock(&lock);                  \
    int result = removed(path, REAL(name)(path)); \
    pthread_mutex_unlock(&lock);                \
    return result;                              \
  }
REMOVE_LIKE(unlink)
REMOVE_LIKE(rmdir)
REMOVE_LIKE(remove)

int mkdir(const char *path, mode_t mode) {
  char room[PATH_MAX];
  pthread_mutex_lock(&lock);
  int result = REAL(mkdir)(path, mode);
  const char *name = below(path, room);
  if (result == 0 && name) record(MAKE_FOLDER, 0, 0, name, strlen(name), "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}
