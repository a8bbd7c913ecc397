#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define CHUNK 0x20000
#define BATCH 64
#define DATAGRAM 64
#define MAX_CONNECTIONS 64
#define MAX_SAMPLES 0x100000
#define PATIENCE_US 100000 /* after which a datagram counts as lost, and is sent again */
#define NS_PER_MS 1000000L

static struct sockaddr_in server;
static long deadline;
static atomic_long bytes;

static int connected(int type) {
  int fd = must("socket", socket(AF_INET, type, 0));
  must("connect", connect(fd, (struct sockaddr *)&server, sizeof server));
  return fd;
}

static long begin(const char *address, int port, long ms) {
  long started = now_ns(CLOCK_MONOTONIC);
  server = place(address, port);
  deadline = started + ms * NS_PER_MS;
  return started;
}

static void *send_stream(void *unused) {
  char *chunk = calloc(1, CHUNK), byte;
  int fd = connected(SOCK_STREAM);
  while (now_ns(CLOCK_MONOTONIC) < deadline) bytes += must("send", send(fd, chunk, CHUNK, MSG_NOSIGNAL));
  shutdown(fd, SHUT_WR);
  must("end of a stream", recv(fd, &byte, 1, 0));
  close(fd);
  free(chunk);
  return unused;
}

void stream(const char *address, int connections, long ms) {
  pthread_t threads[MAX_CONNECTIONS];
  long started = begin(address, SINK_PORT, ms);
  bytes = 0;
  if (connections > MAX_CONNECTIONS) connections = MAX_CONNECTIONS;
  for (int i = 0; i < connections; i++)
    must("pthread_create", -pthread_create(&threads[i], NULL, send_stream, NULL));
  for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
  printf("%ld %ld\n", atomic_load(&bytes), now_ns(CLOCK_MONOTONIC) - started);
}

void greet(const char *address, long ms) {
  /* A reset: neither side keeps a port in TIME_WAIT, of which there are too few. */
  struct linger reset = {.l_onoff = 1, .l_linger = 0};
  long count = 0, started = begin(address, GREET_PORT, ms);
  char byte;
  for (; now_ns(CLOCK_MONOTONIC) < deadline; count++) {
    int fd = connected(SOCK_STREAM);
    must("greeting", recv(fd, &byte, 1, 0) - 1);
    must("SO_LINGER", setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
    close(fd);
  }
  printf("%ld %ld\n", count, now_ns(CLOCK_MONOTONIC) - started);
}

static int ascending(const void *one, const void *other) {
  unsigned a = *(const unsigned *)one, b = *(const unsigned *)other;
  return (a > b) - (a < b);
}

void ask(const char *address, int type, long ms) {
  static unsigned samples[MAX_SAMPLES];
  struct timeval patience = {.tv_usec = PATIENCE_US};
  size_t count = 0;
  int on = 1, fd;
  char byte = 0;
  begin(address, ECHO_PORT, ms);
  fd = connected(type);
  must("SO_RCVTIMEO", setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  if (type == SOCK_STREAM) must("TCP_NODELAY", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  for (long before = now_ns(CLOCK_MONOTONIC), after; before < deadline && count < MAX_SAMPLES; before = after) {
    must("question", send(fd, &byte, 1, MSG_NOSIGNAL));
    if (recv(fd, &byte, 1, 0) != 1 && errno != EAGAIN) must("answer", -1);
    after = now_ns(CLOCK_MONOTONIC);
    samples[count++] = after - before;
  }
  close(fd);
  qsort(samples, count, sizeof *samples, ascending);
  printf("%zu %u %u\n", count, samples[count / 2], samples[count * 99 / 100]);
}

static void ask_once(int fd) {
  char data[DATAGRAM] = {ANSWER_ME};
  do must("question", send(fd, data, sizeof data, 0));
  while (recv(fd, data, 1, 0) != 1);
}

void flood(const char *address, int answered, long ms) {
  static char data[DATAGRAM];
  struct timeval patience = {.tv_usec = PATIENCE_US};
  struct iovec where = {data, DATAGRAM};
  struct mmsghdr messages[BATCH] = {0};
  long sent = 0, started = begin(address, COUNT_PORT, ms);
  int fd = connected(SOCK_DGRAM);
  must("SO_RCVTIMEO", setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  if (answered) ask_once(fd);
  for (int i = 0; i < BATCH; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &where, .msg_iovlen = 1};
  while (now_ns(CLOCK_MONOTONIC) < deadline) {
    int count = sendmmsg(fd, messages, BATCH, 0);
    /* What a full queue refuses is neither sent nor a failure. */
    if (count < 0 && errno != ENOBUFS) must("datagrams", count);
    if (count > 0) sent += count;
  }
  printf("%ld %ld\n", sent, now_ns(CLOCK_MONOTONIC) - started);
  close(fd);
}
