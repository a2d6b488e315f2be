// SPDX-License-Identifier: MIT
#include "acefs/principal/resolver.hpp"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "expiring_cache.hpp"
#include "facts.hpp"
#include "number.hpp"
#include "recent.hpp"
#include "refusals.hpp"
#include "tokens.hpp"
#include "uids.hpp"

namespace acefs::principal {

namespace {

constexpr Moment kNever = std::numeric_limits<Moment>::max();
/// How soon NSS is asked again for the uid of a disabled user that it did not know: soon, for until then he is not refused.
constexpr std::chrono::milliseconds kLackingNameLife{5'000};

/// The clock's last tick (1 to 4 ms ago): lives are long, and the exact time costs four times as much.
Moment moment_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * Moment{1'000'000'000} + now.tv_nsec;
}

Moment after(Moment now, std::chrono::milliseconds life) { return now + std::chrono::nanoseconds(life).count(); }

Resolved resolved(acl::Identity identity, const Refusal& refusal) {
  identity.refused = refusal.always && identity.uid != 0;
  Resolved result;
  if (refusal.after != 0 && identity.uid != 0) {
    auto refused = identity;
    refused.refused = true;
    result.refused = std::make_shared<const acl::Identity>(std::move(refused));
    result.expires = refusal.after;
  }
  result.before = std::make_shared<const acl::Identity>(std::move(identity));
  return result;
}

/// One configuration and what was made of it. Immutable.
struct Setup {
  std::shared_ptr<const Config> config = std::make_shared<const Config>();
  Uids uids;
  Refusals refusals;
  Tokens tokens;
  std::uint64_t epoch = 0;
};

/// What becomes of a configuration by what NSS says now, or, without `accounts`, by what was known `before`.
std::shared_ptr<Setup> set_up(std::shared_ptr<const Config> config, Accounts* accounts, const Setup& before) {
  auto setup = std::make_shared<Setup>();
  setup->config = std::move(config);
  setup->uids = Uids(setup->config, accounts, before.uids);
  setup->refusals = Refusals(*setup->config, setup->uids);
  setup->tokens = Tokens(*setup->config, setup->uids, before.tokens);
  setup->epoch = before.epoch + 1;
  return setup;
}

using DatedUser = Dated<std::shared_ptr<const UserFacts>>;
using DatedGroup = Dated<std::shared_ptr<const PrincipalIds>>;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// Somebody as NSS and the configuration know him, and until when that is good.
struct Known {
  acl::Identity identity;
  Refusal refusal;
  Moment until = 0;
};

/// The user of a token, as each of its threads needs him.
struct TokenUser {
  std::shared_ptr<const acl::Identity> identity;
  Refusal refusal;
};

using DatedTokenUser = Dated<std::shared_ptr<const TokenUser>>;

void append(PrincipalIds& to, const PrincipalIds& more) { to.insert(to.end(), more.begin(), more.end()); }

}  // namespace

struct Resolver::State {
  State(acl::PrincipalTable& table, Accounts& system, ResolverOptions chosen)
      : principals(table),
        accounts(system),
        options(chosen),
        users(chosen.capacity),
        groups(chosen.capacity),
        token_users(chosen.capacity),
        identities(chosen.capacity) {}

  std::shared_ptr<const Setup> current() const {
    const std::lock_guard lock(mutex);
    return setup;
  }

  void install(std::shared_ptr<const Setup> next);
  void schedule_check(const Setup& with);
  void check_names_again(Moment now);
  void ask_for_names();  ///< with `configuring`

  DatedUser user(const Setup& with, uid_t uid, Moment now);
  DatedGroup group(const Setup& with, gid_t gid, Moment now);
  std::optional<std::vector<gid_t>> groups_of(const Caller& caller);
  std::optional<std::vector<gid_t>> groups_by_nss(uid_t uid, gid_t gid);
  Moment add_groups(acl::Identity& identity, const Setup& with, const UserFacts& facts, std::optional<std::vector<gid_t>> known, Moment now);
  Known known_by_nss(const Setup& with, uid_t uid, Moment now);
  DatedTokenUser token_user(const Setup& with, uid_t uid, Moment now);
  Moment add_user_of_token(acl::Identity& identity, Refusal& refusal, const Setup& with, Moment now);
  Dated<Resolved> build(const Setup& with, const Caller& caller, Detail detail, Moment now);

  /// The value that `cache` has, else what `make` makes of NSS, kept unless the configuration changed meanwhile.
  template <typename Cache, typename CacheKey, typename Make>
  auto cached(Cache& cache, const CacheKey& key, const Setup& with, Moment now, Make&& make) {
    {
      const std::lock_guard lock(mutex);
      if (const auto* found = cache.find(key, now); found != nullptr && setup->epoch == with.epoch) return *found;
    }
    auto made = make();
    const std::lock_guard lock(mutex);
    if (setup->epoch == with.epoch) cache.put(key, made);
    return made;
  }

  acl::PrincipalTable& principals;
  Accounts& accounts;
  const ResolverOptions options;
  const std::uint64_t number = next_number();  ///< tells this resolver from those before it
  std::atomic<std::uint64_t> epoch{0};         ///< of `setup`

  /// Guards what follows; never held while `accounts` is asked. Not a shared one: held for a look-up only it costs less, and
  /// readers that come without a pause do not keep a writer out.
  mutable std::mutex mutex;
  std::shared_ptr<const Setup> setup = std::make_shared<const Setup>();
  ExpiringCache<uid_t, std::shared_ptr<const UserFacts>> users;
  ExpiringCache<gid_t, std::shared_ptr<const PrincipalIds>> groups;
  ExpiringCache<uid_t, std::shared_ptr<const TokenUser>> token_users;
  ExpiringCache<IdentityKey, Resolved, IdentityKeyHash> identities;

  std::mutex configuring;  ///< one configuration is made at a time; held while NSS is asked, and never waited for by resolve()
  std::atomic<Moment> check_names_at{kNever};
};

void Resolver::State::install(std::shared_ptr<const Setup> next) {
  schedule_check(*next);
  const std::lock_guard lock(mutex);
  setup = std::move(next);
  epoch.store(setup->epoch, std::memory_order_release);
  users.clear();
  groups.clear();
  token_users.clear();
  identities.clear();
}

void Resolver::State::schedule_check(const Setup& with) {
  const auto life = with.uids.lacks_names() ? std::min(options.name_life, kLackingNameLife) : options.name_life;
  check_names_at = with.uids.asked_for_names() ? after(moment_now(), life) : kNever;
}

/// By whoever comes first; the others go on with what is known. Not at all while a new configuration is being made.
void Resolver::State::check_names_again(Moment now) {
  const std::unique_lock only(configuring, std::try_to_lock);
  if (!only || now < check_names_at) return;
  check_names_at = after(now, options.name_life);
  ask_for_names();
}

void Resolver::State::ask_for_names() {
  const auto old = current();
  auto next = set_up(old->config, &accounts, *old);
  const bool same = next->refusals.same_as(old->refusals) && next->tokens.same_as(old->tokens);
  if (!same) return install(std::move(next));
  next->epoch = old->epoch;  // nothing that was made of the old one is out of date
  schedule_check(*next);
  const std::lock_guard lock(mutex);
  setup = std::move(next);
}

DatedUser Resolver::State::user(const Setup& with, uid_t uid, Moment now) {
  return cached(users, uid, with, now, [&] {
    auto facts = std::make_shared<const UserFacts>(user_facts(uid, with.tokens.of(uid), *with.config, accounts, principals));
    return DatedUser{std::move(facts), after(now, options.name_life)};
  });
}

DatedGroup Resolver::State::group(const Setup& with, gid_t gid, Moment now) {
  return cached(groups, gid, with, now, [&] {
    auto names = std::make_shared<const PrincipalIds>(group_facts(gid, *with.config, accounts, principals));
    return DatedGroup{std::move(names), after(now, options.name_life)};
  });
}

/// None for a number without an account; nothing when NSS does not tell.
std::optional<std::vector<gid_t>> Resolver::State::groups_by_nss(uid_t uid, gid_t gid) {
  const auto name = accounts.user_name(uid);
  if (!name) return std::vector<gid_t>{};
  return accounts.groups_of(*name, accounts.primary_group(uid).value_or(gid));
}

/// Nothing when they cannot be known: then only the request's own group counts, and every denial to a group.
std::optional<std::vector<gid_t>> Resolver::State::groups_of(const Caller& caller) {
  if (options.groups == GroupSource::Nss) return groups_by_nss(caller.uid, caller.gid);
  return accounts.groups_of(caller);
}

/// Until when the names of the groups are good.
Moment Resolver::State::add_groups(acl::Identity& identity, const Setup& with, const UserFacts& facts,
                                   std::optional<std::vector<gid_t>> known, Moment now) {
  identity.groups_failed = !known;
  std::vector<gid_t> numbers = std::move(known).value_or(std::vector<gid_t>{});
  numbers.push_back(identity.gid);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  Moment until = kNever;
  append(identity.principals, facts.local_groups);
  for (const gid_t gid : numbers) {
    const auto names = group(with, gid, now);
    append(identity.principals, *names.value);
    until = std::min(until, names.until);
  }
  make_set(identity.principals);
  identity.groups = std::move(numbers);
  identity.groups_known = true;
  return until;
}

/// He need not be here, so his groups are those that NSS knows.
Known Resolver::State::known_by_nss(const Setup& with, uid_t uid, Moment now) {
  // Without an account there is no group either; no node belongs to the group that is none.
  const gid_t gid = accounts.primary_group(uid).value_or(static_cast<gid_t>(-1));
  const auto facts = user(with, uid, now);
  Known known{.identity = {.uid = uid, .gid = gid, .groups = {}, .principals = facts.value->names}, .refusal = with.refusals.of(uid)};
  const Moment groups_until = add_groups(known.identity, with, *facts.value, groups_by_nss(uid, gid), now);
  known.refusal.add(facts.value->refusal);
  known.until = std::min({facts.until, groups_until, after(now, options.name_life)});
  return known;
}

DatedTokenUser Resolver::State::token_user(const Setup& with, uid_t uid, Moment now) {
  return cached(token_users, uid, with, now, [&] {
    Known known = known_by_nss(with, uid, now);
    // Whom NSS does not know, now or ever, may be in any group that the token must not get around.
    if (!accounts.user_name(uid)) known.identity.groups_failed = true;
    const TokenUser user{std::make_shared<const acl::Identity>(std::move(known.identity)), known.refusal};
    return DatedTokenUser{std::make_shared<const TokenUser>(user), known.until};
  });
}

/// If the account is bound to a token: whose it is, and what of him refuses it. Until when that is good.
Moment Resolver::State::add_user_of_token(acl::Identity& identity, Refusal& refusal, const Setup& with, Moment now) {
  const Token* token = with.tokens.of(identity.uid);
  if (token == nullptr) return kNever;
  refusal.add(token->refusal);
  if (!token->user) {
    refusal.always = true;
    return kNever;
  }
  const DatedTokenUser user = token_user(with, *token->user, now);
  refusal.add(user.value->refusal);
  identity.user = user.value->identity;
  identity.makes_for_user = token->makes_for_user;
  return user.until;
}

Dated<Resolved> Resolver::State::build(const Setup& with, const Caller& caller, Detail detail, Moment now) {
  acl::Identity identity{.uid = caller.uid, .gid = caller.gid, .groups = {caller.gid}};
  identity.groups_known = false;
  identity.names_known = false;
  Refusal refusal = with.refusals.of(caller.uid);
  const Moment user_until = add_user_of_token(identity, refusal, with, now);
  if (detail == Detail::Numbers)
    return {resolved(std::move(identity), refusal), std::min(user_until, after(now, options.name_life))};

  const auto facts = user(with, caller.uid, now);
  refusal.add(facts.value->refusal);
  identity.principals = facts.value->names;
  identity.names_known = true;
  if (detail == Detail::Names) return {resolved(std::move(identity), refusal), std::min(user_until, facts.until)};

  const auto life = options.groups == GroupSource::Process ? options.thread_life : options.name_life;
  const Moment known_until = add_groups(identity, with, *facts.value, groups_of(caller), now);
  return {resolved(std::move(identity), refusal), std::min({facts.until, user_until, known_until, after(now, life)})};
}

Resolver::Resolver(acl::PrincipalTable& principals, Accounts& accounts, ResolverOptions options)
    : state_(std::make_unique<State>(principals, accounts, options)) {}

Resolver::~Resolver() = default;

void Resolver::configure(std::shared_ptr<const Config> config) {
  State& state = *state_;
  const std::lock_guard only(state.configuring);
  const auto old = state.current();
  // Whom the file refuses by number, or by a name that is known, is refused at once: NSS may take its time, or not answer at all.
  state.install(set_up(config ? std::move(config) : std::make_shared<const Config>(), nullptr, *old));
  state.ask_for_names();
}

std::shared_ptr<const acl::Identity> Resolver::resolve(const Caller& caller, Detail detail, acl::TimePoint now) {
  State& state = *state_;
  const Moment moment = moment_now();
  if (moment >= state.check_names_at.load(std::memory_order_relaxed)) state.check_names_again(moment);

  const bool by_thread = detail == Detail::Groups && state.options.groups == GroupSource::Process;
  const IdentityKey key{.uid = caller.uid, .gid = caller.gid, .pid = by_thread ? caller.pid : 0, .detail = detail};
  thread_local RecentIdentities recent;
  if (const auto* found = recent.find(state.number, state.epoch.load(std::memory_order_acquire), key, moment)) return found->at(now);

  const auto with = state.current();
  const auto build = [&] { return state.build(*with, caller, detail, moment); };
  return recent.put(state.number, with->epoch, key, state.cached(state.identities, key, *with, moment, build)).at(now);
}

std::optional<acl::Identity> Resolver::identity_of(std::string_view user, acl::TimePoint now) {
  State& state = *state_;
  const auto with = state.current();
  const auto token = with->config->tokens.find(user);
  const std::string_view account = token != with->config->tokens.end() ? std::string_view(token->second.account) : user;
  const auto uid = Uids(with->config, &state.accounts, with->uids).of(std::string(account));
  if (!uid) return std::nullopt;
  return identity_of(*uid, now);
}

acl::Identity Resolver::identity_of(uid_t uid, acl::TimePoint now) {
  State& state = *state_;
  const auto with = state.current();
  const Moment moment = moment_now();
  Known known = state.known_by_nss(*with, uid, moment);
  state.add_user_of_token(known.identity, known.refusal, *with, moment);
  known.identity.refused = uid != 0 && known.refusal.applies(now);
  return std::move(known.identity);
}

std::shared_ptr<const acl::Identity> Resolver::refresh(const acl::Identity& known, acl::TimePoint now) {
  State& state = *state_;
  const auto with = state.current();
  const Moment moment = moment_now();
  const auto facts = state.user(*with, known.uid, moment);
  acl::Identity identity{.uid = known.uid, .gid = known.gid, .groups = {}, .principals = facts.value->names};
  auto groups = known.groups_failed ? std::nullopt : std::optional(known.groups);
  state.add_groups(identity, *with, *facts.value, std::move(groups), moment);
  Refusal refusal = with->refusals.of(known.uid);
  refusal.add(facts.value->refusal);
  state.add_user_of_token(identity, refusal, *with, moment);
  identity.refused = known.uid != 0 && refusal.applies(now);
  return std::make_shared<const acl::Identity>(std::move(identity));
}

bool Resolver::refuses_anyone() const {
  const std::lock_guard lock(state_->mutex);
  const Setup& setup = *state_->setup;
  return !setup.refusals.empty() || !setup.tokens.empty() || !setup.config->tokens.empty();
}

std::vector<std::string> Resolver::problems() const { return state_->current()->tokens.problems(); }

std::uint64_t Resolver::epoch() const { return state_->epoch; }

std::shared_ptr<const Config> Resolver::config() const { return state_->current()->config; }

std::optional<std::uint32_t> Resolver::number_of(std::string_view principal) {
  const bool group = principal.starts_with("g:");
  const std::string_view id = principal.substr(2);
  if (const auto number = principal::number_of(id)) return number;
  const auto config = this->config();
  // By its section's name, or by one of the ids that are in it.
  const auto in_section = [&](const auto& sections, auto member) -> std::optional<std::uint32_t> {
    for (const auto& [name, section] : sections) {
      if (name != id && std::find(section.ids.begin(), section.ids.end(), id) == section.ids.end()) continue;
      if (section.*member) return section.*member;
      return group ? state_->accounts.group_id(name) : state_->accounts.user_id(name);
    }
    return std::nullopt;
  };
  const auto known = group ? in_section(config->groups, &GroupEntry::gid) : in_section(config->users, &UserEntry::uid);
  if (known) return known;
  return group ? state_->accounts.group_id(std::string(id)) : state_->accounts.user_id(std::string(id));
}

std::string Resolver::creator_name(uid_t uid) {
  const auto with = state_->current();
  return state_->user(*with, uid, moment_now()).value->creator;
}

}  // namespace acefs::principal
