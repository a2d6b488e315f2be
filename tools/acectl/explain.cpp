// SPDX-License-Identifier: MIT
#include "explain.hpp"

#include <algorithm>

#include "answer_text.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "question.hpp"

namespace acefs::tool::acectl {

Exit explain(const ExplainOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  auto settings = Settings::load(options.config);
  if (!settings) {
    complaints.error("", settings.error());
    return Exit::Unknown;
  }
  settings->tell_problems(complaints);
  Answer answer;
  answer.user = options.user;
  answer.operation = options.letters ? "need " + *options.letters : options.operation;
  answer.asked = {{}, io.now(), options.profile};
  auto who = settings->resolver().identity_of(options.user, answer.asked.now);
  if (!who) {
    complaints.error("", "no such user: " + quote_name(options.user));
    return Exit::Unknown;
  }
  answer.asked.who = *std::move(who);
  for (const acl::PrincipalId id : answer.asked.who.principals) answer.names.push_back(settings->principals().name(id));
  std::sort(answer.names.begin(), answer.names.end());

  if (const auto failed = ask(options, *settings, answer)) {
    complaints.error(failed->about, failed->message);
    return Exit::Unknown;
  }
  if (options.json) print_json(answer, io);
  else print_text(answer, io, settings->accounts());
  return answer.refusal() == nullptr ? Exit::Ok : Exit::Failed;
}

}  // namespace acefs::tool::acectl
