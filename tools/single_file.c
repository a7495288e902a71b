/*
 * kodama as a single file, for machines without Deno: this program, a gzip stream, an index, a trailer.
 *
 *     stream:   the bytes of all files
 *     index:    a line "MODE SIZE PATH\n" for each of them, in the same order; MODE in octal, SIZE in decimal
 *     trailer:  64 characters of hash, 16 of the stream's length, 16 of the index's (all hexadecimal), "kodama02"
 *
 * The files are unpacked once, into a folder of the user's cache that is named after the hash; its script `start`, the
 * same as an installed launcher, then starts Deno. Each start compares names, sizes and modes with the index and
 * unpacks again what differs: caches are cleaned by age, and disks fill up. Linux only: /proc/self/exe.
 *
 * Only one process at a time changes a cache (the lock on `.lock`); what it finds half-made there was left by one that
 * was killed. Every process of a version holds a shared lock on its folder, which it inherits. After unpacking, versions
 * that no process holds a lock on are removed: an update leaves nothing of the one before.
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
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

enum { HASH = 64, LENGTH = 16, MAGIC = 8, TRAILER = HASH + 2 * LENGTH + MAGIC };

/* The program that starts Deno's executable: of glibc, by the psABI of the processor. */
#if defined(__aarch64__)
static const char loader[] = "/lib/ld-linux-aarch64.so.1";
#else
static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
#endif

static const char other_cache[] =
    "set XDG_CACHE_HOME to a folder of yours with 110 MB of space, from which programs may be run";
static const char other_file[] = "download it again, and compare its checksum with SHA256SUMS";

/* This file: `index` has the lines of all files, `stream` is where their bytes start. */
struct package {
  int file;
  off_t stream;
  char hash[HASH + 1];
  char *index;
};

/* A file of the index. */
struct entry {
  mode_t mode;
  unsigned long long size;
  char name[PATH_MAX];
};

/* Files that are being unpacked; removed if that fails. */
static char staging[PATH_MAX];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  return remove(path);
}

static void remove_folder(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

static void remove_staging(void) {
  if (staging[0]) remove_folder(staging);
  staging[0] = '\0';
}

/* Ends the program with the message, the reason of `errno` if there is one, and a way out. */
static void fail(const char *hint, const char *format, ...) {
  int reason = errno;
  va_list values;
  va_start(values, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, values);
  va_end(values);
  fprintf(stderr, reason ? ": %s\n" : "\n", strerror(reason));
  if (hint) fprintf(stderr, "hint: %s\n", hint);
  remove_staging();
  exit(1);
}

static void fail_damaged(void) {
  errno = 0;
  fail(other_file, "kodama's file is damaged");
}

/* The result fits PATH_MAX, or the program ends. */
static void format_path(char *path, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = vsnprintf(path, PATH_MAX, format, values);
  va_end(values);
  if (length < 0 || length >= PATH_MAX) {
    errno = ENAMETOOLONG;
    fail(other_cache, "%.80s", path);
  }
}

static struct package open_package(void) {
  struct package package = {0};
  char trailer[TRAILER + 1] = {0}, length[LENGTH + 1] = {0};
  package.file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (package.file < 0) fail("mount /proc", "kodama can't read its own file");
  off_t end = lseek(package.file, -TRAILER, SEEK_END);
  if (end < 0 || read(package.file, trailer, TRAILER) != TRAILER) fail_damaged();
  if (memcmp(trailer + HASH + 2 * LENGTH, "kodama02", MAGIC) != 0) fail_damaged();
  memcpy(package.hash, trailer, HASH);
  memcpy(length, trailer + HASH, LENGTH);
  off_t stream = (off_t)strtoull(length, NULL, 16);
  memcpy(length, trailer + HASH + LENGTH, LENGTH);
  off_t index = (off_t)strtoull(length, NULL, 16);
  if (stream <= 0 || index <= 0 || stream > end || index > end - stream) fail_damaged();
  package.stream = end - index - stream;
  package.index = calloc(1, (size_t)index + 1);
  if (!package.index) fail(NULL, "no memory to start kodama");
  if (pread(package.file, package.index, (size_t)index, end - index) != index) fail_damaged();
  return package;
}

/* Reads the next line of an index. 0 at its end. */
static int next_entry(const char **index, struct entry *entry) {
  unsigned mode;
  int name = 0;
  const char *line = *index, *end = strchr(line, '\n');
  if (*line == '\0') return 0;
  if (!end || sscanf(line, "%o %llu %n", &mode, &entry->size, &name) != 2 || name == 0) fail_damaged();
  entry->mode = (mode_t)mode;
  format_path(entry->name, "%.*s", (int)(end - line) - name, line + name);
  *index = end + 1;
  return 1;
}

/* Whether a file of a version is as it was unpacked, as far as its size and mode tell. */
static int is_whole(const char *version, const struct entry *entry) {
  char path[PATH_MAX];
  struct stat info;
  format_path(path, "%s/%s", version, entry->name);
  return lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
         (unsigned long long)info.st_size == entry->size && (info.st_mode & 0100) == (entry->mode & 0100);
}

static int is_whole_version(const struct package *package, const char *version) {
  struct entry entry;
  for (const char *index = package->index; next_entry(&index, &entry);) {
    if (!is_whole(version, &entry)) return 0;
  }
  return 1;
}

/*
 * 1 for a folder that only this user can change, 0 where there is nothing. Anything else ends the
 * program: what somebody else can write to must not be run.
 */
static int is_own_folder(const char *path) {
  struct stat info;
  char hint[2 * PATH_MAX];
  if (lstat(path, &info) != 0) {
    if (errno == ENOENT) return 0;
    fail(other_cache, "%s", path);
  }
  errno = 0;
  if (!S_ISDIR(info.st_mode)) fail(other_cache, "%s is not a folder", path);
  if (info.st_uid != geteuid()) {
    snprintf(hint, sizeof hint, "as root: chown -R %d '%s'; or %s", (int)geteuid(), path, other_cache);
    fail(hint, "%s belongs to another user, of the number %d", path, (int)info.st_uid);
  }
  if (info.st_mode & (S_IWGRP | S_IWOTH)) {
    snprintf(hint, sizeof hint, "if its files are your own: chmod go-w '%s'", path);
    fail(hint, "%s can be written by others", path);
  }
  return 1;
}

static int make_folder(const char *path) { return mkdir(path, 0700) == 0 || errno == EEXIST; }

/* Whether this is root, and the first folder of the path that exists is another user's. */
static int is_foreign_to_root(const char *path) {
  struct stat info;
  char above[PATH_MAX];
  if (geteuid() != 0) return 0;
  format_path(above, "%s", path);
  while (stat(above, &info) != 0) {
    char *slash = strrchr(above, '/');
    if (!slash || slash == above) return 0;
    *slash = '\0';
  }
  return info.st_uid != 0;
}

/*
 * Whether versions can be unpacked below `parent`, or this one is there. `cache` becomes its folder for kodama; where
 * it can't be, `errno` says why.
 */
static int is_usable(const struct package *package, const char *parent, const char *name, char *cache) {
  char version[PATH_MAX];
  struct statvfs mount;
  format_path(cache, "%s/%s", parent, name);
  if (!make_folder(parent) || !make_folder(cache)) return 0;
  is_own_folder(cache);
  if (statvfs(cache, &mount) == 0 && (mount.f_flag & ST_NOEXEC)) {
    errno = ENOEXEC;
    return 0;
  }
  if (access(cache, W_OK) == 0) return 1;
  int reason = errno;
  format_path(version, "%s/%s", cache, package->hash);
  int is_there = is_whole_version(package, version);
  errno = reason;
  return is_there;
}

static void fail_unusable(const char *cache) {
  if (errno == ENOEXEC) {
    errno = 0;
    fail(other_cache, "%s is on a file system from which no program may be run (noexec)", cache);
  }
  fail(other_cache, "kodama can't unpack itself into %s", cache);
}

/*
 * Finds the folder below which versions are unpacked: of $XDG_CACHE_HOME; of $HOME/.cache; if that can't be used, as of
 * system users and in containers, a folder of this user among the temporary ones. In the home of another user, root's
 * files would lock that user out: root has /var/cache there.
 */
static void find_cache(const struct package *package, char *cache) {
  const char *named = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *temporary = getenv("TMPDIR");
  char parent[PATH_MAX] = "", other[PATH_MAX], name[32];
  int is_named = named && named[0] == '/';
  if (is_named) format_path(parent, "%s", named);
  else if (home && home[0] == '/') format_path(parent, "%s/.cache", home);
  if (parent[0] && is_foreign_to_root(parent)) {
    format_path(parent, "/var/cache");
    is_named = 0;
  }
  if (parent[0] && is_usable(package, parent, "kodama", cache)) return;
  int reason = errno;
  if (is_named) fail_unusable(cache);
  snprintf(name, sizeof name, "kodama-%d", (int)geteuid());
  if (is_usable(package, temporary && temporary[0] == '/' ? temporary : "/tmp", name, other)) {
    format_path(cache, "%s", other);
    return;
  }
  if (!parent[0]) fail_unusable(other);
  errno = reason;
  fail_unusable(cache);
}

static void make_parents(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (!make_folder(path)) fail(other_cache, "%s", path);
    *slash = '/';
  }
}

/* Passes `size` bytes of the stream on to a file, or to nothing if it is negative. */
static void pass_bytes(gzFile stream, unsigned long long size, int file, const char *path) {
  static char block[1 << 16];
  while (size > 0) {
    int wanted = size < sizeof block ? (int)size : (int)sizeof block;
    int count = gzread(stream, block, (unsigned)wanted);
    if (count != wanted) fail_damaged();
    for (int written = 0; file >= 0 && written < count;) {
      ssize_t more = write(file, block + written, (size_t)(count - written));
      if (more < 0) fail(other_cache, "%s", path);
      written += (int)more;
    }
    size -= (unsigned)count;
  }
}

/* Unpacks the files that aren't whole in `version` into `staging`. */
static void unpack(const struct package *package, const char *version) {
  char path[PATH_MAX];
  struct entry entry;
  if (lseek(package->file, package->stream, SEEK_SET) < 0) fail_damaged();
  gzFile stream = gzdopen(dup(package->file), "rb");
  if (!stream) fail(NULL, "no memory to unpack kodama");
  gzbuffer(stream, 1 << 18);
  for (const char *index = package->index; next_entry(&index, &entry);) {
    if (is_whole(version, &entry)) {
      pass_bytes(stream, entry.size, -1, NULL);
      continue;
    }
    format_path(path, "%s/%s", staging, entry.name);
    make_parents(path, strlen(staging) + 1);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, entry.mode);
    if (file < 0 || fchmod(file, entry.mode) != 0) fail(other_cache, "%s", path);
    pass_bytes(stream, entry.size, file, path);
    if (close(file) != 0) fail(other_cache, "%s", path);
  }
  gzclose(stream);
}

/* Moves the files of `staging` into a version that a running kodama may use: each by a rename. */
static void repair(const struct package *package, char *version) {
  char from[PATH_MAX], to[PATH_MAX];
  struct entry entry;
  for (const char *index = package->index; next_entry(&index, &entry);) {
    if (is_whole(version, &entry)) continue;
    format_path(from, "%s/%s", staging, entry.name);
    format_path(to, "%s/%s", version, entry.name);
    make_parents(to, strlen(version) + 1);
    if (rename(from, to) != 0) {
      char hint[2 * PATH_MAX];
      snprintf(hint, sizeof hint, "rm -r '%s'", version);
      fail(hint, "%s", to);
    }
  }
  remove_staging();
}

/* Removes what a process that was killed has left. */
static void remove_remains(const char *cache) {
  DIR *folder = opendir(cache);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    char path[PATH_MAX];
    if (strncmp(entry->d_name, ".new-", 5) != 0 && strncmp(entry->d_name, ".old-", 5) != 0) continue;
    format_path(path, "%s/%s", cache, entry->d_name);
    remove_folder(path);
  }
  closedir(folder);
}

/*
 * Makes the version whole; the caller has the lock, if the file system has locks. A new one is unpacked beside its
 * final path, then renamed. 1 if this process has made it.
 */
static int make_version(const struct package *package, const char *cache, char *version) {
  int exists = is_own_folder(version);
  if (exists && is_whole_version(package, version)) return 0;
  format_path(staging, "%s/.new-XXXXXX", cache);
  if (!mkdtemp(staging)) {
    staging[0] = '\0';
    fail(other_cache, "%s can't be written", cache);
  }
  unpack(package, version);
  if (!exists && rename(staging, version) == 0) {
    staging[0] = '\0';
    return 1;
  }
  /* Without locks, another kodama may have been faster. */
  if (!exists && errno != EEXIST && errno != ENOTEMPTY) fail(other_cache, "%s", version);
  repair(package, version);
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
    fail(other_cache, "%s", version);
  }
  /* A file system without locks: then versions are not removed either. */
  (void)flock(folder, LOCK_SH);
  if (fstat(folder, &locked) != 0) fail(other_cache, "%s", version);
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

/* Makes the version whole while no other process changes the cache. */
static void unpack_once(const struct package *package, const char *cache, char *version) {
  char path[PATH_MAX];
  format_path(path, "%s/.lock", cache);
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) fail(other_cache, "%s", path);
  int is_alone = flock(lock, LOCK_EX) == 0;
  if (is_alone) remove_remains(cache);
  if (make_version(package, cache, version) && is_alone) remove_unused(cache, package->hash);
  close(lock);
}

int main(int argc, char **argv) {
  char cache[PATH_MAX], version[PATH_MAX], start[PATH_MAX];
  struct package package = open_package();
  if (access(loader, F_OK) != 0) {
    errno = 0;
    fail("it doesn't run with musl, as of Alpine: use an image or a distribution with glibc, as Debian",
         "kodama needs glibc 2.27 or later, and this machine has no %s", loader);
  }
  find_cache(&package, cache);
  format_path(version, "%s/%s", cache, package.hash);
  do {
    if (!is_own_folder(version) || !is_whole_version(&package, version)) unpack_once(&package, cache, version);
  } while (!hold(version));
  close(package.file);
  format_path(start, "%s/start", version);

  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "kodama";
  if (setenv("KODAMA_ARGV0", name, 1) != 0) fail(NULL, "no memory to start kodama");
  char **args = calloc((size_t)argc + 3, sizeof *args);
  if (!args) fail(NULL, "no memory to start kodama");
  args[0] = "sh";
  args[1] = start;
  for (int index = 1; index < argc; index++) args[index + 1] = argv[index];
  execv("/bin/sh", args);
  fail("kodama needs a POSIX shell there", "/bin/sh");
}
