// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/decide.hpp"
#include "acefs/principal/config.hpp"

namespace acefs::principal {

/// The credentials of one request.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;  ///< thread id as the daemon's pid namespace sees it; 0: unknown
};

/// Where supplementary groups come from.
enum class GroupSource {
  Process,  ///< exactly those of the calling thread, from /proc
  Nss,      ///< the user's groups as NSS knows them, as NFS servers do
};

/// How much must be known of a caller. More costs more; each includes the former.
enum class Detail {
  Numbers,  ///< uid and gid only; nothing is looked up but whether the user is refused
  Names,    ///< also what ACEs may call the user (`u:` principals) and his primary group
  Groups,   ///< also his groups, by number, and what ACEs may call them
};

/// What resolving asks of the system, so that tests can answer.
class Accounts {
 public:
  virtual ~Accounts() = default;
  virtual std::optional<std::string> user_name(uid_t uid) = 0;
  virtual std::optional<uid_t> user_id(const std::string& name) = 0;
  virtual std::optional<gid_t> primary_group(uid_t uid) = 0;
  virtual std::optional<std::string> group_name(gid_t gid) = 0;
  virtual std::optional<gid_t> group_id(const std::string& name) = 0;
  /// Names of the users whom a group lists; who has it as primary group is in it and not listed. For tools.
  virtual std::vector<std::string> members_of(gid_t) { return {}; }
  /// Groups of a user by NSS (getgrouplist), nothing on failure.
  virtual std::optional<std::vector<gid_t>> groups_of(const std::string& user, gid_t primary) = 0;
  /// Groups of a running thread, from /proc/PID/status; nothing when it cannot be read or its uid or gid is not the
  /// caller's (the number was used again).
  virtual std::optional<std::vector<gid_t>> groups_of(const Caller& caller) = 0;
};

/// The real thing: NSS (getpwuid_r and friends) and /proc.
std::unique_ptr<Accounts> system_accounts();

struct ResolverOptions {
  GroupSource groups = GroupSource::Process;
  std::chrono::milliseconds name_life{60'000};    ///< how long an NSS answer, also a negative one, is used
  std::chrono::milliseconds thread_life{100};     ///< how long a thread's groups are used
  std::size_t capacity = 4096;                    ///< entries per cache; the oldest go first
};

/// Callers → identities. Thread-safe; no lock is held while NSS or /proc is asked.
class Resolver {
 public:
  Resolver(acl::PrincipalTable& principals, Accounts& accounts, ResolverOptions options);
  ~Resolver();

  /// Replaces the configuration; every answer from now on is made with it. The uids of accounts that it knows by name only are asked for
  /// once it is in force: until NSS answers they are those that were known before.
  void configure(std::shared_ptr<const Config> config);

  /// A failure to resolve never guesses: the name or the groups concerned are simply absent. `now` decides expiry
  /// of users.
  std::shared_ptr<const acl::Identity> resolve(const Caller& caller, Detail detail, acl::TimePoint now);

  /// The same caller with the groups he is known to have, under the present configuration: for handles whose opener may be gone.
  std::shared_ptr<const acl::Identity> refresh(const acl::Identity& known, acl::TimePoint now);

  /// The identity of an account by name or decimal uid, or of a token by its name, groups by NSS; for tools (`--as USER`). Nothing: no such user
  /// (a number always is one).
  std::optional<acl::Identity> identity_of(std::string_view user, acl::TimePoint now);
  /// The same of an account by its uid, whatever its name is.
  acl::Identity identity_of(uid_t uid, acl::TimePoint now);

  /// Whether there are users whom the configuration refuses, now or some day; tokens count, which their users' end may refuse.
  bool refuses_anyone() const;

  /// What is wrong in the configuration and shows only once its names are numbers, a sentence each.
  std::vector<std::string> problems() const;

  /// Counts up with every configure(); what was resolved under another number is out of date.
  std::uint64_t epoch() const;

  /// What is known beyond NSS, as of now.
  std::shared_ptr<const Config> config() const;
  /// The uid of a "u:" principal, the gid of a "g:" one: a decimal, else by acefs.toml and NSS, which may take its time. Nothing: it has
  /// none.
  std::optional<std::uint32_t> number_of(std::string_view principal);

  /// What stands as creator in a grant made by this uid: the token that it is, else the first id of acefs.toml, else the account name, else the number.
  std::string creator_name(uid_t uid);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace acefs::principal
