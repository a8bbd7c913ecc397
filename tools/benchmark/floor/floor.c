/*
 * What the kernel alone costs for the work of an endpoint: the measure of everything else in the benchmark.
 * Runs in the network namespace of the host under test and takes commands from standard input:
 *
 *   cycle             one endpoint comes and goes; answers the durations of its six steps in ns
 *   settle            answers once every link is gone
 *   burst THREADS N   N cycles, as fast as they go; answers their duration in ns
 *   up THREADS N      N endpoints come and stay; answers how long that took in ns
 *   down THREADS N    the last N of them go; answers how long that took in ns, without the deletion of their links
 *   serve PATH        answers Docker's calls at a unix socket from now on, which server.c does
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "netlink.h"
#include "server.h"

#define STEPS 6
#define MAX_THREADS 64
#define HELD 0x8000 /* a bit of the number; endpoint.c makes an address of the lower 16 */
#define COLLECT_US 20000 /* as long as the plugin's reaper collects */

static atomic_uint cycle_count, held;
static atomic_int tasks_left;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned scheduled, deleted;

static long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

/** Deletes links in the background, many at once, as the plugin does. */
static void *reap(void *unused) {
  int fd = open_socket();
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (scheduled == deleted) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    usleep(COLLECT_US);
    pthread_mutex_lock(&mutex);
    unsigned target = scheduled;
    pthread_mutex_unlock(&mutex);
    delete_scheduled(fd);
    pthread_mutex_lock(&mutex);
    deleted = target;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return unused;
}

static void settle(void) {
  pthread_mutex_lock(&mutex);
  while (deleted != scheduled) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

/** Those that stay have the upper half of the addresses, so that a cycle between them meets none. */
static struct endpoint name_held(unsigned number) { return name_endpoint(number | HELD); }

static struct endpoint name_passing(unsigned number) {
  return name_endpoint((number & ~(HELD - 1)) << 1 | (number & (HELD - 1)));
}

/** The endpoint comes; `times` gets when each step began, and when the last one ended. */
static void come(int fd, const struct endpoint *endpoint, long *times) {
  times[0] = now_ns();
  int index = create_pair(fd, endpoint);
  times[1] = now_ns();
  set_up(fd, endpoint, index);
  times[2] = now_ns();
  add_route(fd, endpoint, index);
  times[3] = now_ns();
  add_neighbour(fd, endpoint, index);
  times[4] = now_ns();
}

static void note_scheduled(void) {
  pthread_mutex_lock(&mutex);
  scheduled++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void go(int fd, const struct endpoint *endpoint, long *times) {
  times[0] = now_ns();
  delete_route(fd, endpoint);
  times[1] = now_ns();
  schedule_delete(fd, endpoint);
  times[2] = now_ns();
  note_scheduled();
}

static void cycle(int fd, long *times) {
  struct endpoint endpoint = name_passing(++cycle_count);
  come(fd, &endpoint, times);
  go(fd, &endpoint, times + STEPS - 2);
}

/** What each thread does again and again. */
static void cycle_once(int fd) {
  long times[STEPS + 1];
  cycle(fd, times);
}

static void come_once(int fd) {
  long times[STEPS + 1];
  struct endpoint endpoint = name_held(held++);
  come(fd, &endpoint, times);
}

static void go_once(int fd) {
  long times[STEPS + 1];
  struct endpoint endpoint = name_held(--held);
  go(fd, &endpoint, times);
}

static void (*task)(int fd);

static void *work(void *unused) {
  int fd = open_socket();
  while (tasks_left-- > 0) task(fd);
  close(fd);
  return unused;
}

static long in_threads(void (*chosen)(int fd), int threads, int count) {
  pthread_t workers[MAX_THREADS];
  long started = now_ns();
  task = chosen;
  tasks_left = count;
  for (int i = 0; i < threads; i++) pthread_create(&workers[i], NULL, work, NULL);
  for (int i = 0; i < threads; i++) pthread_join(workers[i], NULL);
  return now_ns() - started;
}

int main(void) {
  char line[256], verb[8], path[200];
  pthread_t reaper;
  int threads, count, fd = open_socket();
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_create(&reaper, NULL, reap, NULL);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%7s %d %d", verb, &threads, &count) == 3 && threads <= MAX_THREADS) {
      void (*chosen)(int fd) = verb[0] == 'u' ? come_once : verb[0] == 'd' ? go_once : cycle_once;
      printf("%ld\n", in_threads(chosen, threads, count));
    } else if (sscanf(line, "serve %199s", path) == 1) {
      serve(path, note_scheduled);
      puts("serving");
    } else if (line[0] == 'c') {
      long times[STEPS + 1];
      cycle(fd, times);
      for (int i = 0; i < STEPS; i++) printf("%ld%c", times[i + 1] - times[i], i < STEPS - 1 ? ' ' : '\n');
    } else {
      settle();
      puts("settled");
    }
  }
  settle();
  return 0;
}
