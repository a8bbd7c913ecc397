#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int must(const char *purpose, int result) {
  if (result >= 0) return result;
  fprintf(stderr, "floor: %s: %s\n", purpose, strerror(-result));
  exit(1);
}

int open_socket(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  int on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  int result = fd < 0 ? fd : bind(fd, (struct sockaddr *)&address, sizeof address);
  must("rtnetlink socket", result < 0 ? -errno : 0);
  return fd;
}

void begin(struct request *request, int type, int flags, const void *head, size_t length) {
  memset(request, 0, sizeof *request);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  memcpy(NLMSG_DATA(&request->header), head, length);
  request->header.nlmsg_len = NLMSG_LENGTH(NLMSG_ALIGN(length));
}

struct rtattr *put(struct request *request, int type, const void *data, size_t length) {
  struct rtattr *attribute = (struct rtattr *)((char *)request + request->header.nlmsg_len);
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(length);
  if (length > 0) memcpy(RTA_DATA(attribute), data, length);
  request->header.nlmsg_len += RTA_SPACE(length);
  return attribute;
}

void put_u32(struct request *request, int type, unsigned value) { put(request, type, &value, sizeof value); }

void put_text(struct request *request, int type, const char *text) { put(request, type, text, strlen(text) + 1); }

void end_nest(struct request *request, struct rtattr *nest) {
  nest->rta_len = (char *)request + request->header.nlmsg_len - (char *)nest;
}

int exchange(int fd, struct request *request) {
  static __thread unsigned sequence;
  static __thread char buffer[32768];
  int index = 0;
  request->header.nlmsg_seq = ++sequence;
  if (send(fd, request, request->header.nlmsg_len, 0) < 0) return -errno;
  for (;;) {
    int length = recv(fd, buffer, sizeof buffer, 0);
    if (length < 0) return -errno;
    struct nlmsghdr *reply = (struct nlmsghdr *)buffer;
    for (; NLMSG_OK(reply, length); reply = NLMSG_NEXT(reply, length)) {
      if (reply->nlmsg_seq != sequence) continue;
      if (reply->nlmsg_type == RTM_NEWLINK) index = ((struct ifinfomsg *)NLMSG_DATA(reply))->ifi_index;
      if (reply->nlmsg_type != NLMSG_ERROR) continue;
      int error = ((struct nlmsgerr *)NLMSG_DATA(reply))->error;
      return error == 0 ? index : error;
    }
  }
}
