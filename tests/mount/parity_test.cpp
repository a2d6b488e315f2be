// SPDX-License-Identifier: MIT
// Where nothing is granted or denied, every call answers as on a plain directory: names and nodes.
#include "parity.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

namespace acefs::test {
namespace {

long rename_with(const std::string& from, const std::string& to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
}

TEST_F(ParityTest, Mkdir) {
  same([](const std::string& d, Calls& calls) {
    calls("new", ::mkdir((d + "/new").c_str(), 0777));
    calls("EEXIST", ::mkdir((d + "/new").c_str(), 0777));
    calls("ENOENT", ::mkdir((d + "/none/new").c_str(), 0777));
    try_open(d + "/f", O_CREAT | O_WRONLY);
    calls("ENOTDIR", ::mkdir((d + "/f/new").c_str(), 0777));
    calls("ENAMETOOLONG", ::mkdir((d + "/" + std::string(256, 'n')).c_str(), 0777));
    calls("longest name", ::mkdir((d + "/" + std::string(255, 'n')).c_str(), 0777));
    calls("path too long", ::mkdir((d + "/" + std::string(PATH_MAX, 'n')).c_str(), 0777));
    calls(".", ::mkdir((d + "/.").c_str(), 0777));
    calls("sticky", ::mkdir((d + "/sticky").c_str(), 01777));
    ::umask(0);
    calls("all bits", ::mkdir((d + "/bits").c_str(), 0777));
  });
}

TEST_F(ParityTest, Rmdir) {
  same([](const std::string& d, Calls& calls) {
    ::mkdir((d + "/a").c_str(), 0755);
    ::mkdir((d + "/a/b").c_str(), 0755);
    try_open(d + "/f", O_CREAT | O_WRONLY);
    calls("ENOTEMPTY", ::rmdir((d + "/a").c_str()));
    calls("ENOTDIR", ::rmdir((d + "/f").c_str()));
    calls("ENOENT", ::rmdir((d + "/none").c_str()));
    calls("EINVAL", ::rmdir((d + "/a/.").c_str()));
    calls("..", ::rmdir((d + "/a/b/..").c_str()));
    calls("done", ::rmdir((d + "/a/b").c_str()));
    calls("unlink", ::unlink((d + "/a").c_str()));
  });
}

TEST_F(ParityTest, Unlink) {
  same([](const std::string& d, Calls& calls) {
    try_open(d + "/f", O_CREAT | O_WRONLY);
    ::mkdir((d + "/sub").c_str(), 0755);
    calls("EISDIR", ::unlink((d + "/sub").c_str()));
    calls("ENOTDIR", ::unlink((d + "/f/x").c_str()));
    calls("slash", ::unlink((d + "/f/").c_str()));
    calls("ENOENT", ::unlink((d + "/none").c_str()));
    calls("done", ::unlink((d + "/f").c_str()));
    calls("again", ::unlink((d + "/f").c_str()));
  });
}

TEST_F(ParityTest, Open) {
  same([](const std::string& d, Calls& calls) {
    ::mkdir((d + "/sub").c_str(), 0755);
    ::symlink("f", (d + "/l").c_str());
    ::symlink("self", (d + "/self").c_str());
    ::symlink("nowhere", (d + "/dangling").c_str());
    calls("create", try_open(d + "/f", O_CREAT | O_EXCL | O_WRONLY, 0666));
    calls("EEXIST", try_open(d + "/f", O_CREAT | O_EXCL | O_WRONLY, 0666));
    calls("EEXIST by symlink", try_open(d + "/l", O_CREAT | O_EXCL | O_WRONLY, 0666));
    calls("ENOENT", try_open(d + "/none", O_RDONLY));
    calls("EISDIR", try_open(d + "/sub", O_WRONLY));
    calls("EISDIR create", try_open(d + "/sub", O_CREAT | O_WRONLY));
    calls("directory", try_open(d + "/sub", O_RDONLY | O_DIRECTORY));
    calls("ENOTDIR", try_open(d + "/f", O_RDONLY | O_DIRECTORY));
    calls("ENOTDIR slash", try_open(d + "/f/", O_RDONLY));
    calls("ELOOP", try_open(d + "/self", O_RDONLY));
    calls("ELOOP nofollow", try_open(d + "/l", O_RDONLY | O_NOFOLLOW));
    calls("symlink", try_open(d + "/l", O_RDONLY));
    calls("through a dangling symlink", try_open(d + "/dangling", O_CREAT | O_WRONLY, 0600));
    calls("ENAMETOOLONG", try_open(d + "/" + std::string(256, 'n'), O_CREAT | O_WRONLY));
    calls("truncate", try_open(d + "/f", O_WRONLY | O_TRUNC));
    calls("path only", try_open(d + "/f", O_PATH));
  });
}

TEST_F(ParityTest, Mknod) {
  same([](const std::string& d, Calls& calls) {
    calls("fifo", ::mkfifo((d + "/p").c_str(), 0666));
    calls("EEXIST", ::mkfifo((d + "/p").c_str(), 0666));
    calls("socket", ::mknod((d + "/s").c_str(), S_IFSOCK | 0666, 0));
    calls("file", ::mknod((d + "/f").c_str(), S_IFREG | 0640, 0));
    calls("device", ::mknod((d + "/c").c_str(), S_IFCHR | 0666, makedev(1, 3)));
    calls("directory", ::mknod((d + "/d").c_str(), S_IFDIR | 0755, 0));
    calls("fifo without reader", try_open(d + "/p", O_WRONLY | O_NONBLOCK));
    calls("socket opened", try_open(d + "/s", O_RDONLY));
  });
}

TEST_F(ParityTest, MknodOfDevicesByRoot) {
  same([](const std::string&) {},
       [](const std::string& d, Calls& calls) {
         calls("character", ::mknod((d + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)));
         calls("block", ::mknod((d + "/block").c_str(), S_IFBLK | 0600, makedev(7, 200)));
       },
       0, 0);
}

TEST_F(ParityTest, Symlink) {
  same([](const std::string& d, Calls& calls) {
    calls("relative", ::symlink("target", (d + "/l").c_str()));
    calls("EEXIST", ::symlink("target", (d + "/l").c_str()));
    calls("absolute", ::symlink("/etc/hostname", (d + "/abs").c_str()));
    calls("long", ::symlink(std::string(4000, 't').c_str(), (d + "/long").c_str()));
    calls("empty", ::symlink("", (d + "/empty").c_str()));
    char target[16];
    calls("readlink", ::readlink((d + "/l").c_str(), target, sizeof target));
    calls("readlink cut", ::readlink((d + "/abs").c_str(), target, 4));
    calls("readlink of a directory", ::readlink(d.c_str(), target, sizeof target));
    calls("chmod of a dangling one", ::chmod((d + "/l").c_str(), 0600));
    calls("through out of the tree", try_open(d + "/abs", O_RDONLY));
  });
}

TEST_F(ParityTest, Link) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", "1", O_CREAT | O_WRONLY);
    ::mkdir((d + "/sub").c_str(), 0755);
    ::symlink("f", (d + "/l").c_str());
    calls("link", ::link((d + "/f").c_str(), (d + "/g").c_str()));
    calls("elsewhere", ::link((d + "/f").c_str(), (d + "/sub/g").c_str()));
    calls("EEXIST", ::link((d + "/f").c_str(), (d + "/g").c_str()));
    calls("EPERM", ::link((d + "/sub").c_str(), (d + "/h").c_str()));
    calls("ENOENT", ::link((d + "/none").c_str(), (d + "/h").c_str()));
    calls("of a symlink", ::link((d + "/l").c_str(), (d + "/l2").c_str()));
    calls("EXDEV", ::link((d + "/f").c_str(), "/dev/shm/acefs-never"));
    struct stat a {};
    struct stat b {};
    ::stat((d + "/f").c_str(), &a);
    ::stat((d + "/sub/g").c_str(), &b);
    calls.note("same inode", a.st_ino == b.st_ino ? "yes" : "no");
    spill(d + "/g", "22", O_WRONLY);
    ::unlink((d + "/f").c_str());
    calls.note("content", slurp(d + "/sub/g"));
  });
}

TEST_F(ParityTest, Rename) {
  same([](const std::string& d, Calls& calls) {
    for (const std::string name : {"a", "b", "full", "full/sub", "from"}) ::mkdir((d + "/" + name).c_str(), 0755);
    spill(d + "/f", "f", O_CREAT | O_WRONLY);
    spill(d + "/g", "g", O_CREAT | O_WRONLY);
    calls("EISDIR", rename_with(d + "/f", d + "/a", 0));
    calls("ENOTDIR", rename_with(d + "/a", d + "/f", 0));
    calls("ENOTEMPTY", rename_with(d + "/a", d + "/full", 0));
    calls("EINVAL", rename_with(d + "/full", d + "/full/sub/x", 0));
    calls("EINVAL to a child", rename_with(d + "/full", d + "/full/sub", 0));
    calls("ancestor", rename_with(d + "/full/sub", d + "/full", 0));
    calls("ENOENT", rename_with(d + "/none", d + "/x", 0));
    calls("ENOENT parent", rename_with(d + "/f", d + "/none/x", 0));
    calls("itself", rename_with(d + "/f", d + "/f", 0));
    calls("replace", rename_with(d + "/f", d + "/g", 0));
    calls("directory over an empty one", rename_with(d + "/a", d + "/b", 0));
    calls("directory elsewhere", rename_with(d + "/from", d + "/full/moved", 0));
    calls("ENAMETOOLONG", rename_with(d + "/g", d + "/" + std::string(256, 'n'), 0));
    calls("EXDEV", rename_with(d + "/g", "/dev/shm/acefs-never", 0));
    calls(".", rename_with(d + "/b/.", d + "/x", 0));
    ::link((d + "/g").c_str(), (d + "/h").c_str());
    calls("between links of one file", rename_with(d + "/g", d + "/h", 0));
  });
}

TEST_F(ParityTest, RenameWithFlags) {
  same([](const std::string& d, Calls& calls) {
    for (const std::string name : {"a", "b", "a/sub"}) ::mkdir((d + "/" + name).c_str(), 0755);
    spill(d + "/f", "f", O_CREAT | O_WRONLY);
    spill(d + "/b/g", "g", O_CREAT | O_WRONLY);
    calls("NOREPLACE there", rename_with(d + "/f", d + "/a", RENAME_NOREPLACE));
    calls("NOREPLACE", rename_with(d + "/f", d + "/f2", RENAME_NOREPLACE));
    calls("EXCHANGE files", rename_with(d + "/f2", d + "/b/g", RENAME_EXCHANGE));
    calls("EXCHANGE file and directory", rename_with(d + "/f2", d + "/a", RENAME_EXCHANGE));
    calls("EXCHANGE with nothing", rename_with(d + "/f2", d + "/none", RENAME_EXCHANGE));
    calls("EXCHANGE with a descendant", rename_with(d + "/f2", d + "/f2/sub", RENAME_EXCHANGE));
    calls("both", rename_with(d + "/f2", d + "/a", RENAME_EXCHANGE | RENAME_NOREPLACE));
    calls("unknown", rename_with(d + "/f2", d + "/a", 1u << 7));
  });
}

TEST_F(ParityTest, LookupsOfOddNames) {
  same([](const std::string& d, Calls& calls) {
    for (const std::string name : {" ", "\n", "\xff\xfe", "ä", "a:b", "-", "...", ".hidden", "%s", "\\"}) {
      calls(name, try_open(d + "/" + name, O_CREAT | O_EXCL | O_WRONLY, 0644));
    }
    calls.note("listing", listing(d));
    struct stat st {};
    calls("..", ::stat((d + "/.hidden/..").c_str(), &st));
    calls("ENAMETOOLONG", ::stat((d + "/" + std::string(300, 'n')).c_str(), &st));
  });
}

TEST_F(ParityTest, Attributes) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", "f", O_CREAT | O_WRONLY);
    ::mkdir((d + "/sub").c_str(), 0755);
    ::symlink("f", (d + "/l").c_str());
    calls("chmod", ::chmod((d + "/f").c_str(), 0741));
    calls("chmod bits", ::chmod((d + "/f").c_str(), 07755));
    calls("chmod directory", ::chmod((d + "/sub").c_str(), 01770));
    calls("chmod nothing", ::chmod((d + "/none").c_str(), 0777));
    calls("fchmodat nofollow", ::fchmodat(AT_FDCWD, (d + "/l").c_str(), 0600, AT_SYMLINK_NOFOLLOW));
    calls("chown to itself", ::chown((d + "/f").c_str(), kAlice, kAlice));
    calls("chown -1 -1", ::chown((d + "/f").c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(-1)));
    calls("chown to another", ::chown((d + "/f").c_str(), kBob, kAlice));
    calls("chgrp to a foreign group", ::chown((d + "/f").c_str(), kAlice, kGuests));
    calls("lchown of a symlink", ::lchown((d + "/l").c_str(), kAlice, kAlice));
    calls("truncate up", ::truncate((d + "/f").c_str(), 100));
    calls("truncate down", ::truncate((d + "/f").c_str(), 1));
    calls("truncate a directory", ::truncate((d + "/sub").c_str(), 1));
    calls("truncate negative", ::truncate((d + "/f").c_str(), -1));
    const timespec times[2] = {{100, 1}, {-200, 2}};
    calls("utimensat", ::utimensat(AT_FDCWD, (d + "/f").c_str(), times, 0));
    calls("utimensat of a symlink", ::utimensat(AT_FDCWD, (d + "/l").c_str(), times, AT_SYMLINK_NOFOLLOW));
    const timespec wrong[2] = {{0, 2'000'000'000}, {0, 0}};
    calls("utimensat invalid", ::utimensat(AT_FDCWD, (d + "/f").c_str(), wrong, 0));
    struct stat st {};
    calls("stat", ::stat((d + "/f").c_str(), &st));
    calls.note("times", std::to_string(st.st_atim.tv_sec) + " " + std::to_string(st.st_mtim.tv_sec) + " " +
                            std::to_string(st.st_mtim.tv_nsec));
  });
}

TEST_F(ParityTest, OwnershipRulesOfTheGroup) {
  const auto act = [](const std::string& d, Calls& calls) {
    calls("chgrp to an own group", ::chown((d + "/f").c_str(), static_cast<uid_t>(-1), kStaff));
    calls("chmod setgid", ::chmod((d + "/f").c_str(), 02755));
    calls("chgrp clears", ::chown((d + "/f").c_str(), static_cast<uid_t>(-1), kAlice));
    calls("chmod setgid of a directory", ::chmod((d + "/sub").c_str(), 02755));
    calls("chown of another's", ::chown((d + "/root").c_str(), kAlice, kAlice));
    calls("chmod of another's", ::chmod((d + "/root").c_str(), 0666));
  };
  same(
      [](const std::string& d) {
        make_file(d + "/f", 06755, "f", kAlice, kAlice);
        make_dir(d + "/sub", 0755, kAlice, kStaff);
        make_file(d + "/root", 0644);
      },
      act, kAlice, kAlice, {kStaff});
}

TEST_F(ParityTest, RootDoesWhatItLikes) {
  same(
      [](const std::string& d) {
        make_file(d + "/f", 06755, "f", kAlice, kAlice);
        make_file(d + "/closed", 0000, "closed", kAlice, kAlice);
        make_dir(d + "/sub", 0000, kAlice, kStaff);
      },
      [](const std::string& d, Calls& calls) {
        calls("chown", ::chown((d + "/f").c_str(), kBob, kStaff));
        calls("chmod", ::chmod((d + "/f").c_str(), 06755));
        calls("read", try_open(d + "/closed", O_RDWR));
        calls("create", try_open(d + "/sub/new", O_CREAT | O_WRONLY));
        calls("X_OK without x", ::access((d + "/closed").c_str(), X_OK));
        calls("X_OK", ::access((d + "/sub").c_str(), X_OK));
      },
      0, 0);
}

TEST_F(ParityTest, ModesDecideWithoutAces) {
  const auto prepare = [](const std::string& d) {
    make_dir(d + "/group", 0770, 0, kStaff);
    make_file(d + "/group/f", 0640, "f", 0, kStaff);
    make_dir(d + "/closed", 0700);
    make_dir(d + "/list", 0744);
    make_dir(d + "/pass", 0711);
    for (const mode_t mode : {0000u, 0004u, 0040u, 0044u, 0400u, 0604u, 0666u}) {
      make_file(d + "/pass/alice" + std::to_string(mode), mode, "f", kAlice, kAlice);
      make_file(d + "/pass/staff" + std::to_string(mode), mode, "f", 0, kStaff);
      make_file(d + "/pass/root" + std::to_string(mode), mode, "f");
    }
    make_file(d + "/list/f", 0666);
  };
  const auto act = [](const std::string& d, Calls& calls) {
    calls.note("list group", listing(d + "/group"));
    calls("read group", try_open(d + "/group/f", O_RDONLY));
    calls("write group", try_open(d + "/group/f", O_WRONLY));
    calls("create group", try_open(d + "/group/new", O_CREAT | O_WRONLY));
    calls.note("list closed", listing(d + "/closed"));
    calls.note("list list", listing(d + "/list"));
    calls("read list", try_open(d + "/list/f", O_RDONLY));
    calls.note("list pass", listing(d + "/pass"));
    for (const std::string who : {"alice", "staff", "root"}) {
      for (const mode_t mode : {0000u, 0004u, 0040u, 0044u, 0400u, 0604u, 0666u}) {
        const std::string path = d + "/pass/" + who + std::to_string(mode);
        calls(path.substr(d.size()) + " r", try_open(path, O_RDONLY));
        calls(path.substr(d.size()) + " w", try_open(path, O_WRONLY));
        calls(path.substr(d.size()) + " rw", ::access(path.c_str(), R_OK | W_OK));
      }
    }
  };
  same(prepare, act, kAlice, kAlice, {kStaff});
  erase(real("group/new"));
  erase(plain_.at("group/new"));
  same(prepare, act, kBob, kStaff);
  erase(real("group/new"));
  erase(plain_.at("group/new"));
  same(prepare, act, kBob, kBob);
}

TEST_F(ParityTest, StickyDirectories) {
  const auto prepare = [](const std::string& d) {
    make_dir(d + "/tmp", 01777);
    make_dir(d + "/mine", 01777, kAlice, kAlice);
    for (const std::string dir : {"/tmp", "/mine"}) {
      make_file(d + dir + "/alice", 0666, "f", kAlice, kAlice);
      make_file(d + dir + "/bob", 0666, "f", kBob, kBob);
      make_dir(d + dir + "/bobdir", 0777, kBob, kBob);
    }
  };
  same(prepare, [](const std::string& d, Calls& calls) {
    for (const std::string dir : {"/tmp", "/mine"}) {
      calls("rename " + dir, rename_with(d + dir + "/bob", d + dir + "/x", 0));
      calls("over " + dir, rename_with(d + dir + "/alice", d + dir + "/bob", 0));
      calls("exchange " + dir, rename_with(d + dir + "/alice", d + dir + "/bob", RENAME_EXCHANGE));
      calls("unlink " + dir, ::unlink((d + dir + "/bob").c_str()));
      calls("rmdir " + dir, ::rmdir((d + dir + "/bobdir").c_str()));
      calls("own " + dir, ::unlink((d + dir + "/alice").c_str()));
    }
  });
}

TEST_F(ParityTest, SetgidDirectoriesAreInherited) {
  same(
      [](const std::string& d) {
        make_dir(d + "/shared", 02775, kAlice, kStaff);
        make_dir(d + "/foreign", 02777, 0, kGuests);
      },
      [](const std::string& d, Calls& calls) {
        ::umask(002);
        for (const std::string dir : {"/shared", "/foreign"}) {
          calls("file", try_open(d + dir + "/f", O_CREAT | O_WRONLY, 0666));
          calls("setgid file", try_open(d + dir + "/g", O_CREAT | O_WRONLY, 02775));
          calls("directory", ::mkdir((d + dir + "/sub").c_str(), 0777));
          calls("below", ::mkdir((d + dir + "/sub/sub").c_str(), 0777));
          calls("symlink", ::symlink("x", (d + dir + "/l").c_str()));
          calls("fifo", ::mkfifo((d + dir + "/p").c_str(), 0666));
        }
      });
}

TEST_F(ParityTest, UmaskIsTheCallers) {
  same([](const std::string& d, Calls& calls) {
    for (const mode_t mask : {0000u, 0027u, 0077u, 0777u}) {
      ::umask(mask);
      const std::string name = d + "/" + std::to_string(mask);
      calls("file", try_open(name + "f", O_CREAT | O_WRONLY, 0666));
      calls("directory", ::mkdir((name + "d").c_str(), 0777));
      calls("fifo", ::mkfifo((name + "p").c_str(), 0666));
    }
  });
}

TEST_F(ParityTest, NamedAttributes) {
  same([](const std::string& d, Calls& calls) {
    try_open(d + "/f", O_CREAT | O_WRONLY);
    ::symlink("f", (d + "/l").c_str());
    ::mkfifo((d + "/p").c_str(), 0644);
    const auto get = [&](const std::string& node, const std::string& name, std::size_t size) {
      std::string value(size, '\0');
      return ::lgetxattr((d + node).c_str(), name.c_str(), value.data(), size);
    };
    calls("set", set_attribute(d + "/f", "user.a", "value"));
    calls("EEXIST", set_attribute(d + "/f", "user.a", "value", XATTR_CREATE));
    calls("ENODATA replace", set_attribute(d + "/f", "user.b", "value", XATTR_REPLACE));
    calls("get", get("/f", "user.a", 100));
    calls("size", get("/f", "user.a", 0));
    calls("ERANGE", get("/f", "user.a", 3));
    calls("ENODATA", get("/f", "user.none", 100));
    calls("empty", set_attribute(d + "/f", "user.empty", ""));
    calls("get empty", get("/f", "user.empty", 100));
    calls("name too long", set_attribute(d + "/f", "user." + std::string(300, 'n'), "v"));
    calls("value too large", set_attribute(d + "/f", "user.large", std::string(70'000, 'v')));
    calls("no space", set_attribute(d + "/f", "user.large", std::string(60'000, 'v')));
    calls("unknown namespace", set_attribute(d + "/f", "other.a", "v"));
    calls("no name", set_attribute(d + "/f", "user.", "v"));
    calls("on a symlink", set_attribute(d + "/l", "user.a", "v"));
    calls("on a fifo", set_attribute(d + "/p", "user.a", "v"));
    calls("on a directory", set_attribute(d, "user.a", "v"));
    char names[200];
    calls("list", ::llistxattr((d + "/f").c_str(), names, sizeof names));
    calls("list size", ::llistxattr((d + "/f").c_str(), nullptr, 0));
    calls("list ERANGE", ::llistxattr((d + "/f").c_str(), names, 3));
    calls("remove", ::lremovexattr((d + "/f").c_str(), "user.a"));
    calls("remove again", ::lremovexattr((d + "/f").c_str(), "user.a"));
  });
}

TEST_F(ParityTest, SocketsCarryConnections) {
  same([](const std::string& d, Calls& calls) {
    calls("chdir", ::chdir(d.c_str()));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::string("s").copy(name.sun_path, sizeof name.sun_path - 1);
    const auto* address = reinterpret_cast<const sockaddr*>(&name);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    calls("bind", ::bind(server, address, sizeof name));
    calls("listen", ::listen(server, 1));
    calls("connect", ::connect(client, address, sizeof name));
  });
}

TEST_F(ParityTest, WorkingDirectories) {
  same([](const std::string& d, Calls& calls) {
    ::mkdir((d + "/a").c_str(), 0755);
    ::mkdir((d + "/a/b").c_str(), 0755);
    calls("chdir", ::chdir((d + "/a/b").c_str()));
    char path[PATH_MAX];
    calls.note("getcwd", ::getcwd(path, sizeof path) != nullptr ? std::string(path).substr(d.size()) : "none");
    calls("relative", try_open("f", O_CREAT | O_WRONLY));
    calls("renamed above", rename_with(d + "/a", d + "/c", 0));
    calls.note("getcwd", ::getcwd(path, sizeof path) != nullptr ? std::string(path).substr(d.size()) : "none");
    calls("still there", try_open("f", O_RDONLY));
    calls("removed", ::unlink("f") + ::rmdir("../b"));
    calls("create in the removed", try_open("f", O_CREAT | O_WRONLY));
    calls.note("list the removed", listing("."));
  });
}

}  // namespace
}  // namespace acefs::test
