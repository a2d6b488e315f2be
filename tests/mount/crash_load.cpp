// SPDX-License-Identifier: MIT
#include "crash_load.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <system_error>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/nodes.hpp"

namespace acefs::test {
namespace {

constexpr std::array<std::string_view, kLetterSets> kLetters = {"", "r", "rw", "wx"};
constexpr std::array<std::uint32_t, kLetterSets> kNfs4Masks = {0, 0x1, 0x3, 0x22};
constexpr const char* kNfs4Name = "system.nfs4_acl";

void put(std::string& bytes, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xff);
}

void put_ace(std::string& bytes, std::uint32_t type, std::uint32_t letters, const std::string& who) {
  put(bytes, type);
  put(bytes, 0);
  put(bytes, letters);
  put(bytes, static_cast<std::uint32_t>(who.size()));
  bytes += who;
  bytes.append((4 - who.size() % 4) % 4, '\0');
}

/// One user at work. Every step notes what will be, does it, and notes that it is.
class Worker {
 public:
  Worker(std::size_t user, const std::string& mount_point, Diary& diary, int begun, unsigned seed)
      : user_(user), dir_(mount_point + "/" + directory_of(user)), shared_(mount_point + "/shared"), diary_(diary), begun_(begun),
        random_(seed) {}

  long run() {
    while (step() == 0) ++diary_.steps;
    return -1;
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  int step() {
    const std::size_t kind = below(20);
    if (kind < 8) return one_ace(diary_.own, dir_ + "/node", "ace");
    if (kind < 13) return one_ace(diary_.shared, shared_, "shared ace");
    if (kind < 16) return list();
    if (kind < 18) return renew();
    return data();
  }

  int begin(const char* what, Deed& deed, bool whole) {
    deed.whole = whole;
    std::strncpy(diary_.doing.data(), what, diary_.doing.size() - 1);
    return ::write(begun_, "", 1) == 1 ? 0 : -1;
  }

  static int done(Deed& deed, int result) {
    if (result < 0) return -1;
    deed.before = deed.after;
    deed.content_before = deed.content_after;
    return 0;
  }

  int one_ace(Deed& deed, const std::string& node, const char* what) {
    const std::size_t number = below(Granted::kPrincipals);
    const bool denies = below(3) == 0;
    deed.after = deed.before;
    std::uint8_t& letters = (denies ? deed.after.denied : deed.after.allowed)[number];
    const bool had = letters != 0;
    letters = static_cast<std::uint8_t>(had && below(3) == 0 ? 0 : 1 + below(kLetterSets - 1));
    if (begin(what, deed, true) != 0) return -1;
    const std::string who = user(principal_of(user_, number));
    if (letters == 0) return done(deed, denies ? remove_deny(node, who) : remove_allow(node, who));
    return done(deed, denies ? deny(node, who, letters_of(letters)) : allow(node, who, letters_of(letters)));
  }

  /// Short ones and long ones, as an NFSv4 client writes them.
  int list() {
    const std::size_t of_ten = below(2) == 0 ? 1 : 8;
    Deed& deed = diary_.own;
    for (std::size_t i = 0; i < Granted::kPrincipals; ++i) {
      deed.after.allowed[i] = static_cast<std::uint8_t>(below(10) < of_ten ? 1 + below(kLetterSets - 1) : 0);
      deed.after.denied[i] = static_cast<std::uint8_t>(below(20) < of_ten ? 1 + below(kLetterSets - 1) : 0);
    }
    if (begin("list", deed, false) != 0) return -1;
    return done(deed, set_attribute(dir_ + "/node", kNfs4Name, bytes_of(deed.after)));
  }

  std::string bytes_of(const Granted& granted) const {
    std::string aces;
    std::uint32_t count = 3;
    for (const auto& [type, letters] : {std::pair{1U, &granted.denied}, std::pair{0U, &granted.allowed}}) {
      for (std::size_t i = 0; i < Granted::kPrincipals; ++i) {
        if ((*letters)[i] == 0) continue;
        put_ace(aces, type, kNfs4Masks[(*letters)[i]], std::to_string(principal_of(user_, i)));
        ++count;
      }
    }
    // What mode 0600 says: the owner's, and t for the others.
    put_ace(aces, 0, 0x16019f, "OWNER@");
    put_ace(aces, 0, 0x80, "GROUP@");
    put_ace(aces, 0, 0x80, "EVERYONE@");
    std::string bytes;
    put(bytes, count);
    return bytes + aces;
  }

  int write_synced(const std::string& path, const std::string& content) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return -1;
    if (::write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) return -1;
    return ::fsync(fd.get());
  }

  /// Another file takes the name: the old one's ACL and side file go with it.
  int renew() {
    Deed& deed = diary_.own;
    deed.after = {};
    deed.content_after = deed.content_before + 1;
    if (begin("renew", deed, true) != 0) return -1;
    if (write_synced(dir_ + "/node.new", content_of(deed.content_after)) != 0) return -1;
    return done(deed, ::rename((dir_ + "/node.new").c_str(), (dir_ + "/node").c_str()));
  }

  int data() {
    if (begin("data", diary_.own, true) != 0) return -1;
    diary_.own.after = diary_.own.before;
    if (diary_.synced >= kKeptFiles) {
      const std::string oldest = dir_ + "/" + data_name(diary_.synced - kKeptFiles);
      if (::unlink(oldest.c_str()) != 0 && errno != ENOENT) return -1;
    }
    if (write_synced(dir_ + "/" + data_name(diary_.synced), content_of(diary_.synced)) != 0) return -1;
    ++diary_.synced;
    return 0;
  }

  const std::size_t user_;
  const std::string dir_;
  const std::string shared_;
  Diary& diary_;
  const int begun_;
  std::mt19937 random_;
};

}  // namespace

std::string_view letters_of(std::uint8_t number) { return kLetters.at(number); }

std::string Granted::rights(std::size_t principal) const {
  std::string rest;
  for (const char letter : letters_of(allowed[principal]))
    if (letters_of(denied[principal]).find(letter) == std::string_view::npos) rest += letter;
  return rest;
}

bool Granted::may_read(std::size_t principal) const { return rights(principal).find('r') != std::string::npos; }

uid_t principal_of(std::size_t user, std::size_t number) { return static_cast<uid_t>(40'000 + 1'000 * user + number); }
std::string directory_of(std::size_t user) { return "u" + std::to_string(user); }
std::string data_name(std::uint32_t number) { return "data." + std::to_string(number); }

std::string content_of(std::uint32_t number) {
  std::string content;
  while (content.size() < 20'000) content += std::to_string(number) + " ";
  return content;
}

Diaries::Diaries() {
  void* memory = ::mmap(nullptr, sizeof(Diary) * kLoadUsers.size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  all_ = static_cast<Diary*>(memory);
  std::uninitialized_value_construct_n(all_, kLoadUsers.size());
}

Diaries::~Diaries() { ::munmap(all_, sizeof(Diary) * kLoadUsers.size()); }

void make_load_tree(const std::string& backing, Diaries& diaries) {
  make_file(backing + "/shared", 0700);  // without an x bit nobody holds x, nor may grant it
  for (std::size_t i = 0; i < kLoadUsers.size(); ++i) {
    const uid_t uid = kLoadUsers[i];
    make_dir(backing + "/" + directory_of(i), 0755, uid, uid);
    make_file(backing + "/" + directory_of(i) + "/node", 0600, content_of(0), uid, uid);
    if (allow(backing, user(uid), all_but("")) != 0) throw std::system_error(errno, std::generic_category(), backing);
    diaries.of(i) = {};
  }
}

Load::Load(const std::string& mount_point, Diaries& diaries, unsigned seed) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  begun_.reset(ends[0]);
  const UniqueFd writing(ends[1]);
  for (std::size_t i = 0; i < kLoadUsers.size(); ++i) {
    // A descriptor of its own each: the thread may come to fork when this function has returned.
    const int fd = ::fcntl(writing.get(), F_DUPFD_CLOEXEC, 0);
    users_.push_back(std::async(std::launch::async, [=, &diaries] {
      const UniqueFd begun(fd);
      return errno_as(kLoadUsers[i], kLoadUsers[i], [&] {
        return Worker(i, mount_point, diaries.of(i), begun.get(), seed + static_cast<unsigned>(i)).run();
      });
    }));
  }
}

void Load::wait_for(unsigned steps) {
  char byte = 0;
  while (steps-- > 0 && ::read(begun_.get(), &byte, 1) == 1) {
  }
}

std::vector<int> Load::end() {
  std::vector<int> errors;
  for (auto& user : users_) errors.push_back(user.get());
  users_.clear();
  return errors;
}

}  // namespace acefs::test
