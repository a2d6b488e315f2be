// SPDX-License-Identifier: MIT
#include "explain.hpp"

#include <algorithm>

#include "answer_text.hpp"
#include "common/quoting.hpp"
#include "question.hpp"

namespace acefs::tool::acectl {

Exit explain(const ExplainOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  Trees trees(options.tree.prefix, options.tree.root);
  auto source = open_source(options, trees);
  if (!source) return complain(source.error(), complaints);
  auto rules = rules_for(options.tree, *source, complaints);
  if (!rules) return complain(rules.error(), complaints);
  Settings& settings = rules->settings;
  Answer answer;
  answer.user = options.user;
  answer.operation = options.letters ? "need " + *options.letters : options.operation;
  answer.asked = {{}, io.now(), rules->profile};
  auto who = settings.resolver().identity_of(options.user, answer.asked.now);
  if (!who) return complain({"", "no such user: " + quote_name(options.user)}, complaints);
  answer.asked.who = *std::move(who);
  for (const acl::PrincipalId id : answer.asked.who.principals) answer.names.push_back(settings.principals().name(id));
  std::sort(answer.names.begin(), answer.names.end());

  const auto what_if = WhatIf::read(options.with, options.without, settings.roles());
  if (!what_if) return complain({"", what_if.error(), Exit::Usage}, complaints);
  if (const auto failed = ask(options, *what_if, trees, *std::move(source), settings, answer)) return complain(*failed, complaints);
  if (options.json) print_json(answer, io);
  else print_text(answer, io, settings.accounts());
  return answer.refusal() == nullptr ? Exit::Ok : Exit::Failed;
}

}  // namespace acefs::tool::acectl
