#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define CHUNK 0x20000
#define BATCH 64
#define DATAGRAM 64
#define RECEIVE_BUFFER 0x800000 /* bytes: what comes while the thread wakes up is not lost */

static atomic_long bytes, datagrams;

static int open_port(int type, int port) {
  int on = 1, fd = must("socket", socket(AF_INET, type, 0));
  struct sockaddr_in any = place("0.0.0.0", port);
  must("SO_REUSEADDR", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  must("bind", bind(fd, (struct sockaddr *)&any, sizeof any));
  if (type == SOCK_STREAM) must("listen", listen(fd, SOMAXCONN));
  return fd;
}

static void *read_stream(void *argument) {
  int fd = (int)(long)argument;
  char *chunk = malloc(CHUNK);
  ssize_t length;
  while ((length = recv(fd, chunk, CHUNK, 0)) > 0) bytes += length;
  free(chunk);
  close(fd);
  return NULL;
}

static void begin(void *(*work)(void *), void *argument) {
  pthread_t thread;
  must("pthread_create", -pthread_create(&thread, NULL, work, argument));
  pthread_detach(thread);
}

static void *sink(void *unused) {
  int listener = open_port(SOCK_STREAM, SINK_PORT);
  for (;;) begin(read_stream, (void *)(long)must("accept", accept(listener, NULL, NULL)));
  return unused;
}

static void *greeter(void *unused) {
  int listener = open_port(SOCK_STREAM, GREET_PORT);
  char byte = 0;
  for (;;) {
    int fd = must("accept", accept(listener, NULL, NULL));
    if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1) recv(fd, &byte, 1, 0);
    close(fd);
  }
  return unused;
}

static void *echo_stream(void *unused) {
  int on = 1, listener = open_port(SOCK_STREAM, ECHO_PORT);
  char byte;
  for (;;) {
    int fd = must("accept", accept(listener, NULL, NULL));
    must("TCP_NODELAY", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    while (recv(fd, &byte, 1, 0) == 1 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1) continue;
    close(fd);
  }
  return unused;
}

static void *echo_datagrams(void *unused) {
  int fd = open_port(SOCK_DGRAM, ECHO_PORT);
  char byte;
  for (;;) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    if (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&peer, &length) == 1)
      sendto(fd, &byte, 1, 0, (struct sockaddr *)&peer, length);
  }
  return unused;
}

/** Answers those that ask for it, so that connection tracking sees a conversation. */
static void answer(int fd, const struct mmsghdr *message) {
  const struct msghdr *head = &message->msg_hdr;
  if (*(char *)head->msg_iov->iov_base == ANSWER_ME) sendto(fd, "", 1, 0, head->msg_name, head->msg_namelen);
}

static void *count_datagrams(void *unused) {
  static char data[BATCH][DATAGRAM];
  static struct sockaddr_in senders[BATCH];
  struct iovec places[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  int size = RECEIVE_BUFFER, fd = open_port(SOCK_DGRAM, COUNT_PORT);
  must("SO_RCVBUFFORCE", setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size));
  for (int i = 0; i < BATCH; i++) {
    places[i] = (struct iovec){data[i], DATAGRAM};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &places[i], .msg_iovlen = 1, .msg_name = &senders[i]};
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) messages[i].msg_hdr.msg_namelen = sizeof *senders;
    int count = must("recvmmsg", recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL));
    for (int i = 0; i < count; i++) answer(fd, &messages[i]);
    datagrams += count;
  }
  return unused;
}

void serve(void) {
  char line[80];
  void *(*services[])(void *) = {sink, greeter, echo_stream, echo_datagrams, count_datagrams};
  for (size_t i = 0; i < sizeof services / sizeof *services; i++) begin(services[i], NULL);
  while (fgets(line, sizeof line, stdin) != NULL)
    if (line[0] == 'c') printf("%ld\n", now_ns(CLOCK_PROCESS_CPUTIME_ID));
    else printf("%ld %ld\n", atomic_load(&bytes), atomic_load(&datagrams));
}
