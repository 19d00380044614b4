/*
 * Root of a container that hunts for processes of its manager, and for what can be got from them.
 *   hunt OUTPUT END [PID]
 * looks until the file END is there (with a PID: once, at that process). Text of /root/secret must be in no memory. OUTPUT
 * gets the number of processes seen, and a line "leak ..." for each thing got.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static FILE *out;
static int seen, looked;
static char secret[256];
static char own_root[64];

static const char *link_of(const char *path) {
  static char text[4096];
  ssize_t length = readlink(path, text, sizeof text - 1);
  text[length < 0 ? 0 : length] = 0;
  return length < 0 ? NULL : text;
}

static void identity(const char *path, char text[64]) {
  struct stat status;
  text[0] = 0;
  if (stat(path, &status) == 0) snprintf(text, 64, "%lx:%lx", (long)status.st_dev, (long)status.st_ino);
}

static void look_at_descriptors(int pid) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *folder = opendir(path);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    struct stat status;
    if (entry->d_name[0] == '.') continue;
    looked++;
    snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, entry->d_name);
    const char *link = link_of(path);
    if (!link) continue;
    int standard = atoi(entry->d_name) < 3;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) fprintf(out, "leak directory %s %s\n", entry->d_name, link);
    else if (!standard && link[0] == '/') fprintf(out, "leak file %s %s\n", entry->d_name, link);
  }
  if (folder) closedir(folder);
}

static void look_at_binaries(int pid) {
  unsigned long attributes[4] = {0, 1, 0, 0};
  char path[600];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  if (stat(path, &status) == 0) {
    looked++;
    int fd = open(path, O_WRONLY);
    if (fd >= 0 && close(fd) == 0) fprintf(out, "leak binary opened\n");
    if (syscall(442, AT_FDCWD, path, 0, attributes, sizeof attributes) == 0) fprintf(out, "leak binary's mount\n");
    if (chmod(path, status.st_mode & 07777) == 0) fprintf(out, "leak binary's mode\n");
  }
  snprintf(path, sizeof path, "/proc/%d/map_files", pid);
  DIR *folder = opendir(path);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    snprintf(path, sizeof path, "/proc/%d/map_files/%s", pid, entry->d_name);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || fstat(fd, &status) < 0) continue;
    if (S_ISREG(status.st_mode)) fprintf(out, "leak library %s\n", link_of(path));
    close(fd);
  }
  if (folder) closedir(folder);
}

static void look_at_environment(int pid) {
  char path[64];
  static char text[1 << 17];
  snprintf(path, sizeof path, "/proc/%d/environ", pid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return;
  looked++;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  for (ssize_t i = 0; i < length; i++)
    if (text[i] != 0) {
      fprintf(out, "leak environment %.100s\n", text + i);
      return;
    }
}

static void look_at_place(int pid, const char *what) {
  char path[64], its[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
  const char *link = link_of(path);
  if (!link) return;
  identity(path, its);
  if (its[0] && strcmp(what, "root") == 0 && strcmp(its, own_root) != 0) fprintf(out, "leak root %s\n", link);
  snprintf(path, sizeof path, "/proc/%d/%s/etc/hunted-host", pid, what);
  if (access(path, F_OK) == 0) fprintf(out, "leak place %s\n", what);
}

/* Only of a process that stands still: it takes a while. */
static void look_into_memory(int pid) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int memory = open(path, O_RDONLY);
  static char chunk[1 << 20];
  while (maps && memory >= 0 && fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || !strstr(line, " rw") || to - from > (64UL << 20)) continue;
    for (; from < to; from += sizeof chunk - 256) {
      ssize_t length = pread(memory, chunk, to - from < sizeof chunk ? to - from : sizeof chunk, from);
      if (length > 0 && memmem(chunk, length, secret, strlen(secret))) fprintf(out, "leak memory\n"), from = to;
    }
  }
  if (maps) fclose(maps);
  if (memory >= 0) close(memory);
}

static int is_theirs(int pid);

static void look_at(int pid, int thorough, int chosen) {
  FILE *file = out;
  char *text = NULL;
  size_t size = 0;
  seen++;
  out = open_memstream(&text, &size);
  /* The quickest first: the process may be gone in a moment. */
  look_at_descriptors(pid);
  if (kill(pid, SIGSTOP) == 0) {
    look_at_descriptors(pid);
    look_at_environment(pid);
    look_at_place(pid, "root");
    look_at_place(pid, "cwd");
    look_at_binaries(pid);
    if (thorough) look_into_memory(pid);
  }
  fclose(out);
  out = file;
  /* What was found in a program of the container's, which the process has become meanwhile, does not count. */
  if (chosen || is_theirs(pid)) fputs(text, out);
  kill(pid, SIGCONT);
  free(text);
  fflush(out);
}

/* A process of the manager's: it has its names until it is a program of the container's. */
static int is_theirs(int pid) {
  char path[300], name[64] = "";
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  if (read(fd, name, sizeof name - 1) < 0) name[0] = 0;
  close(fd);
  if (strncmp(name, "tslxc", 5) == 0) return 1;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const char *link = link_of(path);
  return link && strstr(link, "/node") != NULL;
}

int main(int count, char **args) {
  if (count < 3) return 2;
  out = fopen(args[1], "w");
  int file = open("/root/secret", O_RDONLY);
  if (!out || read(file, secret, sizeof secret - 1) <= 0) return 3;
  identity("/", own_root);
  if (count > 3) look_at(atoi(args[3]), 1, 1);
  else
    while (access(args[2], F_OK) < 0) {
      DIR *processes = opendir("/proc");
      for (struct dirent *entry; processes && (entry = readdir(processes));)
        if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' && is_theirs(atoi(entry->d_name)))
          look_at(atoi(entry->d_name), seen % 8 == 0, 0);
      if (processes) closedir(processes);
    }
  fprintf(out, "seen %d looked %d\n", seen, looked);
  fclose(out);
  return 0;
}
