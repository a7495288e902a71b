/*
 * kodama as a single file, for machines without Deno: this program, a gzip stream, a trailer.
 *
 *     stream:   any number of "MODE SIZE PATH\n" BYTES, then "end\n"; MODE in octal, SIZE in decimal
 *     trailer:  64 characters of hash, 16 of the stream's length (both hexadecimal), "kodama01"
 *
 * The stream's files are unpacked once, into a folder of the user's cache that is named after the hash;
 * its script `start`, the same as an installed launcher, then starts Deno. Linux only: /proc/self/exe.
 *
 * Every process of a version holds a shared lock on its folder, which it inherits. After unpacking, versions that
 * no process holds a lock on are removed: an update leaves nothing of the one before.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { HASH = 64, LENGTH = 16, MAGIC = 8, TRAILER = HASH + LENGTH + MAGIC };

/* What is being unpacked; removed when that fails. */
static char staging[PATH_MAX];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  return remove(path);
}

static void remove_folder(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

static void remove_staging(void) {
  if (staging[0]) remove_folder(staging);
}

static void fail(const char *format, ...) {
  int reason = errno;
  va_list values;
  va_start(values, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, values);
  va_end(values);
  fprintf(stderr, reason ? ": %s\n" : "\n", strerror(reason));
  remove_staging();
  exit(1);
}

/* The result fits PATH_MAX, or the program ends. */
static void format_path(char *path, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = vsnprintf(path, PATH_MAX, format, values);
  va_end(values);
  if (length < 0 || length >= PATH_MAX) {
    errno = ENAMETOOLONG;
    fail("%.80s", path);
  }
}

/* Opens this file, positioned at the stream; fills in the hash. */
static int open_stream(char hash[HASH + 1]) {
  char trailer[TRAILER + 1] = {0}, length[LENGTH + 1] = {0};
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("kodama can't read its own file");
  off_t end = lseek(file, -TRAILER, SEEK_END);
  if (end < 0 || read(file, trailer, TRAILER) != TRAILER) fail("kodama's file is damaged");
  errno = 0;
  if (memcmp(trailer + HASH + LENGTH, "kodama01", MAGIC) != 0) fail("kodama's file is damaged");
  memcpy(hash, trailer, HASH);
  memcpy(length, trailer + HASH, LENGTH);
  off_t size = (off_t)strtoull(length, NULL, 16);
  if (size <= 0 || size > end || lseek(file, end - size, SEEK_SET) < 0) {
    fail("kodama's file is damaged");
  }
  return file;
}

/*
 * 1 for a folder that only this user can change, 0 where there is nothing. Anything else ends the
 * program: what somebody else can write to must not be run.
 */
static int is_own_folder(const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    if (errno == ENOENT) return 0;
    fail("%s", path);
  }
  errno = 0;
  if (!S_ISDIR(info.st_mode)) fail("%s is not a folder", path);
  if (info.st_uid != geteuid()) fail("%s belongs to another user", path);
  if (info.st_mode & (S_IWGRP | S_IWOTH)) fail("%s can be written by others", path);
  return 1;
}

static void make_folder(const char *path, mode_t mode) {
  if (mkdir(path, mode) != 0 && errno != EEXIST) fail("%s", path);
  /* A folder that exists isn't the reason for a later failure. */
  errno = 0;
}

/* The folder below which versions are unpacked. */
static void cache_folder(char *path) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  char parent[PATH_MAX];
  if (cache && cache[0] == '/') {
    format_path(parent, "%s", cache);
  } else if (home && home[0] == '/') {
    format_path(parent, "%s/.cache", home);
  } else {
    errno = 0;
    fail("no place to unpack to: set HOME or XDG_CACHE_HOME");
  }
  make_folder(parent, 0700);
  format_path(path, "%s/kodama", parent);
  make_folder(path, 0700);
  is_own_folder(path);
}

static void make_parents(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    make_folder(path, 0700);
    *slash = '/';
  }
}

static void unpack_file(gzFile stream, const char *path, mode_t mode, unsigned long long size) {
  static char block[1 << 16];
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) fail("%s", path);
  while (size > 0) {
    int wanted = size < sizeof block ? (int)size : (int)sizeof block;
    int count = gzread(stream, block, (unsigned)wanted);
    if (count != wanted) fail("kodama's file is damaged");
    for (int written = 0; written < count;) {
      ssize_t more = write(file, block + written, (size_t)(count - written));
      if (more < 0) fail("%s", path);
      written += (int)more;
    }
    size -= (unsigned)count;
  }
  if (close(file) != 0) fail("%s", path);
}

static void unpack(int file, const char *folder) {
  char header[PATH_MAX + 64], path[PATH_MAX];
  gzFile stream = gzdopen(dup(file), "rb");
  if (!stream) fail("no memory to unpack kodama");
  gzbuffer(stream, 1 << 18);
  while (gzgets(stream, header, sizeof header) && strcmp(header, "end\n") != 0) {
    unsigned mode;
    unsigned long long size;
    int name = 0;
    header[strcspn(header, "\n")] = '\0';
    errno = 0;
    if (sscanf(header, "%o %llu %n", &mode, &size, &name) != 2 || name == 0) {
      fail("kodama's file is damaged");
    }
    format_path(path, "%s/%s", folder, header + name);
    make_parents(path, strlen(folder) + 1);
    unpack_file(stream, path, (mode_t)mode, size);
  }
  if (strcmp(header, "end\n") != 0 || gzclose(stream) != Z_OK) fail("kodama's file is damaged");
}

/* Complete or absent: unpacked beside it, then renamed. 1 if this process has unpacked it. */
static int unpack_once(int file, const char *cache, const char *version) {
  if (is_own_folder(version)) return 0;
  format_path(staging, "%s/.new-XXXXXX", cache);
  if (!mkdtemp(staging)) {
    staging[0] = '\0';
    fail("%s can't be written", cache);
  }
  unpack(file, staging);
  if (rename(staging, version) == 0) return 1;
  /* Another kodama was faster. */
  if (errno != EEXIST && errno != ENOTEMPTY) fail("%s", version);
  remove_staging();
  if (!is_own_folder(version)) fail("%s", version);
  return 0;
}

/*
 * Locks the folder for this process and those that it starts: the descriptor stays open. 0 if the folder was removed
 * in the meantime.
 */
static int hold(const char *version) {
  struct stat locked, there;
  int folder = open(version, O_RDONLY | O_DIRECTORY);
  if (folder < 0) {
    if (errno == ENOENT) return 0;
    fail("%s", version);
  }
  /* A file system without locks: then versions are not removed either. */
  (void)flock(folder, LOCK_SH);
  if (fstat(folder, &locked) != 0) fail("%s", version);
  if (lstat(version, &there) == 0 && there.st_ino == locked.st_ino) return 1;
  close(folder);
  return 0;
}

/* Removes the versions that no process holds. What can't be removed now will be by the next update. */
static void remove_unused(const char *cache, const char *current) {
  DIR *folder = opendir(cache);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    char path[PATH_MAX], unused[PATH_MAX];
    if (strspn(entry->d_name, "0123456789abcdef") != HASH || entry->d_name[HASH] != '\0') continue;
    if (strcmp(entry->d_name, current) == 0) continue;
    format_path(path, "%s/%s", cache, entry->d_name);
    int version = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (version < 0) continue;
    if (flock(version, LOCK_EX | LOCK_NB) == 0) {
      /* Renamed first: another start never finds a part of it. */
      format_path(unused, "%s/.old-%.16s-%ld", cache, entry->d_name, (long)getpid());
      if (rename(path, unused) == 0) remove_folder(unused);
    }
    close(version);
  }
  closedir(folder);
}

int main(int argc, char **argv) {
  char hash[HASH + 1] = {0}, cache[PATH_MAX], version[PATH_MAX], start[PATH_MAX];
  int file = open_stream(hash);
  off_t stream = lseek(file, 0, SEEK_CUR);
  cache_folder(cache);
  format_path(version, "%s/%s", cache, hash);
  int unpacked;
  do {
    if (lseek(file, stream, SEEK_SET) < 0) fail("kodama's file is damaged");
    unpacked = unpack_once(file, cache, version);
  } while (!hold(version));
  close(file);
  if (unpacked) remove_unused(cache, hash);
  format_path(start, "%s/start", version);

  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "kodama";
  if (setenv("KODAMA_ARGV0", name, 1) != 0) fail("no memory to start kodama");
  char **words = calloc((size_t)argc + 3, sizeof *words);
  if (!words) fail("no memory to start kodama");
  words[0] = "sh";
  words[1] = start;
  for (int index = 1; index < argc; index++) words[index + 1] = argv[index];
  execv("/bin/sh", words);
  fail("/bin/sh");
}
