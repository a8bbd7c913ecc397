#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "netlink.h"

#define ROUTE_PROTOCOL 200
#define LINK_GROUP 0x666c6f6e /* "flon" */
#define DELETE_GROUP 0x666c6f72 /* "flor" */
#define MTU 1500
#define MAC_LENGTH 6

static const unsigned char host_mac[MAC_LENGTH] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee};

struct endpoint name_endpoint(unsigned number) {
  unsigned char high = number >> 8, low = number;
  struct endpoint endpoint = {.address = {10, 254, high, low}, .mac = {2, 0x42, 10, 254, high, low}};
  snprintf(endpoint.host, sizeof endpoint.host, "vethf%08x", number);
  snprintf(endpoint.container, sizeof endpoint.container, "vethg%08x", number);
  snprintf(endpoint.alias, sizeof endpoint.alias, "floor:%064x", number);
  return endpoint;
}

static void put_link(struct request *request, const unsigned char *mac, const char *name) {
  put_u32(request, IFLA_MTU, MTU);
  put(request, IFLA_ADDRESS, mac, MAC_LENGTH);
  put_text(request, IFLA_IFNAME, name);
}

int create_pair(int fd, const struct endpoint *endpoint) {
  struct request request;
  struct ifinfomsg head = {0};
  begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, &head, sizeof head);
  put_link(&request, host_mac, endpoint->host);
  put_u32(&request, IFLA_GROUP, LINK_GROUP);
  struct rtattr *info = put(&request, IFLA_LINKINFO, NULL, 0);
  put_text(&request, IFLA_INFO_KIND, "veth");
  struct rtattr *data = put(&request, IFLA_INFO_DATA, NULL, 0);
  struct rtattr *peer = put(&request, VETH_INFO_PEER, NULL, 0);
  request.header.nlmsg_len += sizeof head;
  put_link(&request, endpoint->mac, endpoint->container);
  end_nest(&request, peer);
  end_nest(&request, data);
  end_nest(&request, info);
  return must("create pair", exchange(fd, &request));
}

void set_up(int fd, const struct endpoint *endpoint, int index) {
  struct request request;
  struct ifinfomsg head = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  unsigned char no_generated_address = 1; /* IN6_ADDR_GEN_MODE_NONE */
  begin(&request, RTM_NEWLINK, 0, &head, sizeof head);
  put_text(&request, IFLA_IFALIAS, endpoint->alias);
  struct rtattr *families = put(&request, IFLA_AF_SPEC, NULL, 0);
  struct rtattr *ipv6 = put(&request, AF_INET6, NULL, 0);
  put(&request, IFLA_INET6_ADDR_GEN_MODE, &no_generated_address, 1);
  end_nest(&request, ipv6);
  end_nest(&request, families);
  must("set up", exchange(fd, &request));
}

static void begin_route(struct request *request, int type, int flags, int kind, const struct endpoint *endpoint) {
  struct rtmsg head = {
      .rtm_family = AF_INET,
      .rtm_dst_len = 32,
      .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = ROUTE_PROTOCOL,
      .rtm_scope = RT_SCOPE_LINK,
      .rtm_type = kind,
  };
  begin(request, type, flags, &head, sizeof head);
  put(request, RTA_DST, endpoint->address, sizeof endpoint->address);
}

void add_route(int fd, const struct endpoint *endpoint, int index) {
  struct request request;
  begin_route(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, RTN_UNICAST, endpoint);
  put_u32(&request, RTA_OIF, index);
  must("add route", exchange(fd, &request));
}

void add_neighbour(int fd, const struct endpoint *endpoint, int index) {
  struct request request;
  struct ndmsg head = {.ndm_family = AF_INET, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT};
  begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
  put(&request, NDA_DST, endpoint->address, sizeof endpoint->address);
  put(&request, NDA_LLADDR, endpoint->mac, sizeof endpoint->mac);
  must("add neighbour", exchange(fd, &request));
}

void find_route(int fd, const struct endpoint *endpoint) {
  struct request request;
  struct rtmsg head = {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = RTM_F_FIB_MATCH};
  begin(&request, RTM_GETROUTE, 0, &head, sizeof head);
  put(&request, RTA_DST, endpoint->address, sizeof endpoint->address);
  int result = exchange(fd, &request);
  if (result != -ENETUNREACH) must("find route", result);
}

void delete_route(int fd, const struct endpoint *endpoint) {
  struct request request;
  begin_route(&request, RTM_DELROUTE, 0, RTN_UNSPEC, endpoint);
  must("delete route", exchange(fd, &request));
}

void schedule_delete(int fd, const struct endpoint *endpoint) {
  struct request request;
  struct ifinfomsg head = {.ifi_change = IFF_UP};
  begin(&request, RTM_NEWLINK, 0, &head, sizeof head);
  put_text(&request, IFLA_IFNAME, endpoint->host);
  put_u32(&request, IFLA_GROUP, DELETE_GROUP);
  must("schedule delete", exchange(fd, &request));
}

void delete_scheduled(int fd) {
  struct request request;
  struct ifinfomsg head = {0};
  begin(&request, RTM_DELLINK, 0, &head, sizeof head);
  put_u32(&request, IFLA_GROUP, DELETE_GROUP);
  int result = exchange(fd, &request);
  if (result != -ENODEV) must("delete links", result);
}
