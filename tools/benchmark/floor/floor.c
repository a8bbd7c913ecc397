/*
 * What the kernel alone costs for the work of an endpoint: the measure of everything else in the benchmark.
 * Runs in the network namespace of the host under test and takes commands from standard input:
 *
 *   cycle             one endpoint comes and goes; answers the durations of its six steps in ns
 *   settle            answers once every link is gone
 *   burst THREADS N   N cycles, as fast as they go; answers their duration in ns
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "netlink.h"

#define STEPS 6
#define MAX_THREADS 64
#define COLLECT_US 20000 /* as long as the plugin's reaper collects */

static atomic_uint last_number;
static atomic_int cycles_left;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned buried, deleted;

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
    while (buried == deleted) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    usleep(COLLECT_US);
    pthread_mutex_lock(&mutex);
    unsigned target = buried;
    pthread_mutex_unlock(&mutex);
    delete_buried(fd);
    pthread_mutex_lock(&mutex);
    deleted = target;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return unused;
}

static void settle(void) {
  pthread_mutex_lock(&mutex);
  while (deleted != buried) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

static void cycle(int fd, long *times) {
  struct endpoint endpoint = name_endpoint(++last_number);
  times[0] = now_ns();
  int index = create_pair(fd, &endpoint);
  times[1] = now_ns();
  set_up(fd, &endpoint, index);
  times[2] = now_ns();
  add_route(fd, &endpoint, index);
  times[3] = now_ns();
  add_neighbour(fd, &endpoint, index);
  times[4] = now_ns();
  delete_route(fd, &endpoint);
  times[5] = now_ns();
  bury(fd, &endpoint);
  times[6] = now_ns();
  pthread_mutex_lock(&mutex);
  buried++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void *work(void *unused) {
  int fd = open_socket();
  long times[STEPS + 1];
  while (cycles_left-- > 0) cycle(fd, times);
  close(fd);
  return unused;
}

static long burst(int threads, int cycles) {
  pthread_t workers[MAX_THREADS];
  long started = now_ns();
  cycles_left = cycles;
  for (int i = 0; i < threads; i++) pthread_create(&workers[i], NULL, work, NULL);
  for (int i = 0; i < threads; i++) pthread_join(workers[i], NULL);
  return now_ns() - started;
}

int main(void) {
  char line[80];
  pthread_t reaper;
  int threads, cycles, fd = open_socket();
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_create(&reaper, NULL, reap, NULL);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "burst %d %d", &threads, &cycles) == 2 && threads <= MAX_THREADS) {
      printf("%ld\n", burst(threads, cycles));
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
