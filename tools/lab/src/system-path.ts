/** Where Debian's programs are; what the machine has in /usr/local is no part of an engine. */
export const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';
