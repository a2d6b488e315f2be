// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/principal/resolver.hpp"

namespace acefs::test {

/// A name service that a test fills, and that can be away. Thread-safe; counts how often it is asked.
class FakeAccounts : public principal::Accounts {
 public:
  void add_user(uid_t uid, const std::string& name, gid_t primary, std::vector<gid_t> groups = {});
  void add_group(gid_t gid, const std::string& name);
  /// Groups of a running thread, of uid and gid 1000 unless said otherwise.
  void add_thread(pid_t pid, std::vector<gid_t> groups, uid_t uid = 1000, gid_t gid = 1000);
  void set_away(bool away);

  int asked_names() const { return names_; }
  int asked_threads() const { return threads_asked_; }

  std::optional<std::string> user_name(uid_t uid) override;
  std::optional<uid_t> user_id(const std::string& name) override;
  std::optional<gid_t> primary_group(uid_t uid) override;
  std::optional<std::string> group_name(gid_t gid) override;
  std::optional<gid_t> group_id(const std::string& name) override;
  std::optional<std::vector<gid_t>> groups_of(const std::string& user, gid_t primary) override;
  std::optional<std::vector<gid_t>> groups_of(const principal::Caller& caller) override;

 private:
  struct User {
    std::string name;
    gid_t primary = 0;
    std::vector<gid_t> groups;
  };
  struct Thread {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
  };

  std::mutex mutex_;
  std::map<uid_t, User> users_;
  std::map<gid_t, std::string> groups_;
  std::map<pid_t, Thread> threads_;
  bool away_ = false;
  std::atomic<int> names_ = 0;
  std::atomic<int> threads_asked_ = 0;
};

/// A configuration that must have no mistakes.
std::shared_ptr<const principal::Config> config_of(std::string_view toml);

/// What an identity is called, sorted and joined by spaces: "g:staff u:alice".
std::string called(const acl::Identity& identity, const acl::PrincipalTable& principals);

}  // namespace acefs::test
