// SPDX-License-Identifier: MIT
#include "tokens.hpp"

#include <algorithm>

namespace acefs::principal {

void Tokens::bind(uid_t uid, Token token) {
  const auto [known, is_new] = by_uid_.emplace(uid, token);
  if (is_new) return;
  known->second.refusal.always = true;
  tell(token.name, "its account is that of token '" + known->second.name + "' as well: uid " + std::to_string(uid));
}

void Tokens::tell(const std::string& token, const std::string& what) { problems_.push_back("token." + token + ": " + what); }

Tokens::Tokens(const Config& config, Uids& uids, const Tokens& before) {
  for (const auto& [name, entry] : config.tokens) {
    if (entry.account.empty()) {  // a mistake: whoever it was may not become an account like any other by it
      const auto was = std::find_if(before.by_uid_.begin(), before.by_uid_.end(), [&wanted = name](const auto& bound) { return bound.second.name == wanted; });
      if (was == before.by_uid_.end()) continue;
      Token token = was->second;
      token.refusal.always = true;
      bind(was->first, std::move(token));
      continue;
    }
    const auto uid = uids.of(entry.account);
    if (!uid) continue;
    Token token{.name = name, .user = uids.of(entry.user), .makes_for_user = entry.makes_for_user,
                .refusal = {.always = !entry.enabled, .after = entry.expires}};
    if (*uid == 0) tell(name, "account '" + entry.account + "': root cannot be a token");
    else if (token.user == uid) tell(name, "account '" + entry.account + "' is the user's own: uid " + std::to_string(*uid));
    else bind(*uid, std::move(token));
  }
  for (auto& [uid, token] : by_uid_) {
    if (!token.user || (*token.user != 0 && !by_uid_.contains(*token.user))) continue;
    // The mode's owner class and the owner's part would be his for all that root has.
    tell(token.name, *token.user == 0 ? "root has no tokens" : "its user is a token himself: uid " + std::to_string(*token.user));
    token.refusal.always = true;
  }
  std::sort(problems_.begin(), problems_.end());
}

const Token* Tokens::of(uid_t uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : &found->second;
}

}  // namespace acefs::principal
