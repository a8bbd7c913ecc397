/*
 * What the kernel alone costs for the requests of @routed/netns: the measure of that library.
 * Runs in the network namespace under test and takes commands from standard input. Each answers the nanoseconds it took:
 *
 *   list-links                        every link, decoded
 *   list-routes TABLE                 every IPv4 route of a table, decoded
 *   add-addresses LINK COUNT          one request for each address
 *   add-routes LINK COUNT             one request for each route
 *   get-links LINK COUNT              the same link again and again
 *   get-routes COUNT                  the way to another address each time
 *   batch-routes LINK COUNT           routes, 64 in a system call
 *   fill LINK TABLE COUNT             the same, which stay
 *
 * What was added is removed before the answer, without being counted, except by fill.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>

#include "netlink.h"

#define TABLE 101
#define BATCH 64
#define PROTOCOL 200
#define SKIP_STATS (1 << 3) /* RTEXT_FILTER_SKIP_STATS */

/** What the library makes of a link, without the texts. */
struct link {
  int index;
  unsigned flags, mtu, queue_length, group, peer, peer_netns, master;
  unsigned char mac[32];
  char name[16], kind[16], alias[256];
};

/** What the library makes of a route. */
struct route {
  unsigned char length, protocol, scope, type;
  unsigned flags, table, metric, link;
  unsigned char destination[4], gateway[4], source[4];
};

static char buffer[32768];
static unsigned sequence;
static void *rows;
static size_t count, capacity;

static long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void *next_row(size_t size) {
  if (count == capacity) rows = realloc(rows, (capacity = capacity * 2 + 64) * size);
  return memset((char *)rows + count++ * size, 0, size);
}

static void copy(void *to, size_t room, struct rtattr *attribute) {
  size_t length = RTA_PAYLOAD(attribute);
  memcpy(to, RTA_DATA(attribute), length < room ? length : room);
}

static void decode_link(struct nlmsghdr *message) {
  struct ifinfomsg *head = NLMSG_DATA(message);
  struct link *link = next_row(sizeof *link);
  link->index = head->ifi_index;
  link->flags = head->ifi_flags;
  int length = message->nlmsg_len - NLMSG_LENGTH(sizeof *head);
  for (struct rtattr *at = IFLA_RTA(head); RTA_OK(at, length); at = RTA_NEXT(at, length)) {
    switch (at->rta_type & NLA_TYPE_MASK) {
    case IFLA_IFNAME: copy(link->name, sizeof link->name, at); break;
    case IFLA_ADDRESS: copy(link->mac, sizeof link->mac, at); break;
    case IFLA_IFALIAS: copy(link->alias, sizeof link->alias, at); break;
    case IFLA_MTU: copy(&link->mtu, 4, at); break;
    case IFLA_TXQLEN: copy(&link->queue_length, 4, at); break;
    case IFLA_GROUP: copy(&link->group, 4, at); break;
    case IFLA_LINK: copy(&link->peer, 4, at); break;
    case IFLA_LINK_NETNSID: copy(&link->peer_netns, 4, at); break;
    case IFLA_MASTER: copy(&link->master, 4, at); break;
    case IFLA_LINKINFO: {
      int inner_length = RTA_PAYLOAD(at);
      for (struct rtattr *in = RTA_DATA(at); RTA_OK(in, inner_length); in = RTA_NEXT(in, inner_length))
        if (in->rta_type == IFLA_INFO_KIND) copy(link->kind, sizeof link->kind, in);
    }
    }
  }
}

static void decode_route(struct nlmsghdr *message) {
  struct rtmsg *head = NLMSG_DATA(message);
  struct route *route = next_row(sizeof *route);
  route->length = head->rtm_dst_len;
  route->protocol = head->rtm_protocol;
  route->scope = head->rtm_scope;
  route->type = head->rtm_type;
  route->flags = head->rtm_flags;
  int length = message->nlmsg_len - NLMSG_LENGTH(sizeof *head);
  for (struct rtattr *at = RTM_RTA(head); RTA_OK(at, length); at = RTA_NEXT(at, length)) {
    switch (at->rta_type & NLA_TYPE_MASK) {
    case RTA_DST: copy(route->destination, 4, at); break;
    case RTA_GATEWAY: copy(route->gateway, 4, at); break;
    case RTA_PREFSRC: copy(route->source, 4, at); break;
    case RTA_TABLE: copy(&route->table, 4, at); break;
    case RTA_PRIORITY: copy(&route->metric, 4, at); break;
    case RTA_OIF: copy(&route->link, 4, at); break;
    }
  }
}

/** Reads a whole table. */
static void dump(int fd, struct request *request, void (*decode)(struct nlmsghdr *)) {
  count = 0;
  request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->header.nlmsg_seq = ++sequence;
  must("send", send(fd, request, request->header.nlmsg_len, 0) < 0 ? -errno : 0);
  for (;;) {
    int length = recv(fd, buffer, sizeof buffer, 0);
    must("recv", length < 0 ? -errno : 0);
    struct nlmsghdr *reply = (struct nlmsghdr *)buffer;
    for (; NLMSG_OK(reply, length); reply = NLMSG_NEXT(reply, length)) {
      if (reply->nlmsg_type == NLMSG_DONE) return;
      if (reply->nlmsg_type == NLMSG_ERROR) must("dump", ((struct nlmsgerr *)NLMSG_DATA(reply))->error);
      decode(reply);
    }
  }
}

static void begin_route(struct request *request, int type, int flags, unsigned table, int link, unsigned number) {
  struct rtmsg head = {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_protocol = PROTOCOL, .rtm_type = RTN_UNICAST};
  unsigned destination = htonl((10u << 24) + number);
  head.rtm_scope = RT_SCOPE_LINK;
  begin(request, type, flags, &head, sizeof head);
  put(request, RTA_DST, &destination, 4);
  put_u32(request, RTA_TABLE, table);
  put_u32(request, RTA_OIF, link);
}

static void begin_address(struct request *request, int type, int flags, int link, unsigned number) {
  struct ifaddrmsg head = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = link};
  unsigned address = htonl((11u << 24) + number);
  begin(request, type, flags, &head, sizeof head);
  put(request, IFA_LOCAL, &address, 4);
  put(request, IFA_ADDRESS, &address, 4);
}

/** The same for many routes, of which only the last of a system call is acknowledged: failures are told anyway. */
static void many_routes(int fd, int type, int flags, unsigned table, int link, unsigned amount) {
  static char batch[BATCH * sizeof(struct request)];
  for (unsigned number = 0; number < amount;) {
    size_t length = 0;
    for (int place = 0; place < BATCH && number < amount; place++, number++) {
      struct request request;
      begin_route(&request, type, flags, table, link, number);
      if (place < BATCH - 1 && number < amount - 1) request.header.nlmsg_flags &= ~NLM_F_ACK;
      request.header.nlmsg_seq = ++sequence;
      memcpy(batch + length, &request, request.header.nlmsg_len);
      length += NLMSG_ALIGN(request.header.nlmsg_len);
    }
    must("send", send(fd, batch, length, 0) < 0 ? -errno : 0);
    must("recv", recv(fd, buffer, sizeof buffer, 0) < 0 ? -errno : 0);
    must("batch", ((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)buffer))->error);
  }
}

static void list_links(int fd) {
  struct ifinfomsg head = {0};
  struct request request;
  begin(&request, RTM_GETLINK, 0, &head, sizeof head);
  put_u32(&request, IFLA_EXT_MASK, SKIP_STATS);
  dump(fd, &request, decode_link);
}

static void list_routes(int fd, unsigned table) {
  struct rtmsg head = {.rtm_family = AF_INET};
  struct request request;
  begin(&request, RTM_GETROUTE, 0, &head, sizeof head);
  put_u32(&request, RTA_TABLE, table);
  dump(fd, &request, decode_route);
}

/** A request whose answer is a row; it is decoded. */
static void get(int fd, struct request *request, void (*decode)(struct nlmsghdr *)) {
  count = 0;
  request->header.nlmsg_seq = ++sequence;
  must("send", send(fd, request, request->header.nlmsg_len, 0) < 0 ? -errno : 0);
  for (;;) {
    int length = recv(fd, buffer, sizeof buffer, 0);
    must("recv", length < 0 ? -errno : 0);
    struct nlmsghdr *reply = (struct nlmsghdr *)buffer;
    for (; NLMSG_OK(reply, length); reply = NLMSG_NEXT(reply, length)) {
      if (reply->nlmsg_type != NLMSG_ERROR) {
        decode(reply);
        continue;
      }
      must("get", ((struct nlmsgerr *)NLMSG_DATA(reply))->error);
      return;
    }
  }
}

static void get_link(int fd, int index) {
  struct ifinfomsg head = {.ifi_index = index};
  struct request request;
  begin(&request, RTM_GETLINK, 0, &head, sizeof head);
  put_u32(&request, IFLA_EXT_MASK, SKIP_STATS);
  get(fd, &request, decode_link);
}

static void get_route(int fd, unsigned number) {
  struct rtmsg head = {.rtm_family = AF_INET, .rtm_dst_len = 32};
  unsigned destination = htonl((10u << 24) + number);
  struct request request;
  begin(&request, RTM_GETROUTE, 0, &head, sizeof head);
  put(&request, RTA_DST, &destination, 4);
  get(fd, &request, decode_route);
}

static long add_routes(int fd, int link, unsigned amount) {
  struct request request;
  long started = now_ns();
  for (unsigned number = 0; number < amount; number++) {
    begin_route(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, TABLE, link, number);
    must("add route", exchange(fd, &request));
  }
  long took = now_ns() - started;
  many_routes(fd, RTM_DELROUTE, 0, TABLE, link, amount);
  return took;
}

static long add_addresses(int fd, int link, unsigned amount) {
  struct request request;
  long started = now_ns();
  for (unsigned number = 0; number < amount; number++) {
    begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, number);
    must("add address", exchange(fd, &request));
  }
  long took = now_ns() - started;
  for (unsigned number = amount; number-- > 0;) {
    begin_address(&request, RTM_DELADDR, 0, link, number);
    must("delete address", exchange(fd, &request));
  }
  return took;
}

static long batch_routes(int fd, int link, unsigned amount) {
  long started = now_ns();
  many_routes(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, TABLE, link, amount);
  long took = now_ns() - started;
  many_routes(fd, RTM_DELROUTE, 0, TABLE, link, amount);
  return took;
}

int main(void) {
  char line[80], verb[16];
  int fd = open_socket(), on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned long a = 0, b = 0, c = 0;
    sscanf(line, "%15s %lu %lu %lu", verb, &a, &b, &c);
    long started = now_ns(), took = -1;
    if (strcmp(verb, "list-links") == 0) list_links(fd);
    else if (strcmp(verb, "list-routes") == 0) list_routes(fd, a);
    else if (strcmp(verb, "get-links") == 0) for (; b > 0; b--) get_link(fd, a);
    else if (strcmp(verb, "get-routes") == 0) for (; a > 0; a--) get_route(fd, a);
    else if (strcmp(verb, "add-addresses") == 0) took = add_addresses(fd, a, b);
    else if (strcmp(verb, "add-routes") == 0) took = add_routes(fd, a, b);
    else if (strcmp(verb, "batch-routes") == 0) took = batch_routes(fd, a, b);
    else if (strcmp(verb, "fill") == 0) many_routes(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, b, a, c);
    printf("%ld\n", took < 0 ? now_ns() - started : took);
  }
  return 0;
}
