/*
 * What packets of containers meet, seen by the programs inside. Runs in the network namespace of a container:
 *
 *   traffic serve    listens on four ports, and answers each line of input with one: `cpu` with the processor time of this
 *                    process in ns, `seen` with the bytes of streams and the datagrams that came
 *   traffic measure  does what each line of input says, and answers with one line: see traffic.h
 *                      stream ADDRESS MS CONNECTIONS | greet ADDRESS MS | tcp ADDRESS MS | udp ADDRESS MS
 *                      flood ADDRESS MS ANSWERED | cpu
 */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int must(const char *purpose, int result) {
  if (result >= 0) return result;
  perror(purpose);
  exit(1);
}

long now_ns(int clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

struct sockaddr_in place(const char *address, int port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &result.sin_addr) != 1) must(address, -1);
  return result;
}

static void measure(void) {
  char line[128], verb[16], address[INET_ADDRSTRLEN];
  while (fgets(line, sizeof line, stdin) != NULL) {
    long ms = 0;
    int more = 0; /* connections, or whether there is an answer */
    address[0] = 0;
    sscanf(line, "%15s %15s %ld %d", verb, address, &ms, &more);
    if (strcmp(verb, "stream") == 0) stream(address, more, ms);
    else if (strcmp(verb, "greet") == 0) greet(address, ms);
    else if (strcmp(verb, "tcp") == 0) ask(address, SOCK_STREAM, ms);
    else if (strcmp(verb, "udp") == 0) ask(address, SOCK_DGRAM, ms);
    else if (strcmp(verb, "flood") == 0) flood(address, more, ms);
    else printf("%ld\n", now_ns(CLOCK_PROCESS_CPUTIME_ID));
  }
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 2 && strcmp(arguments[1], "serve") == 0) serve();
  else if (count == 2 && strcmp(arguments[1], "measure") == 0) measure();
  else return 2;
  return 0;
}
