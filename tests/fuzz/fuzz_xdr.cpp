// SPDX-License-Identifier: MIT
// The NFSv4 ACL attributes as received. Input: one byte for the form (system.nfs4_acl, system.nfs4_dacl, TrueNAS's), then its bytes.
#include "nfs4/xdr.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using nfs4::Form;

void check_ace(Form form, const nfs4::Ace& ace) {
  must(ace.type <= nfs4::Type::Alarm, "a type is one of four");
  must(form != Form::Dacl || ace.type <= nfs4::Type::Deny, "a DACL allows and denies only");
  must((ace.mask & ~nfs4::kAllOfDirectory) == 0, "no permission is reserved");
  must((ace.flags & ~0xffu) == 0, "no flag is reserved");
  must((ace.flags & nfs4::kInherited) == 0 || form == Form::Dacl, "the mark of what is inherited is a DACL's");
  must((ace.flags & nfs4::kGroup) == 0 || !nfs4::is_special(ace.who), "a special who is no group");
  must(!ace.who.empty() && ace.who.find('\0') == std::string::npos, "a who has a name");
}

/// Where the number of ACEs stands, and what each takes at least.
std::size_t most_aces(Form form, std::size_t size) { return form == Form::Numbers ? size / 20 : size / 16; }

void check_xdr(Form form, std::string_view bytes) {
  const auto list = nfs4::decode(form, bytes);
  if (!list) {
    must(list.error().error > 0 && !list.error().reason.empty(), "a refusal has an errno and a reason");
    return;
  }
  must(list->size() <= most_aces(form, bytes.size()), "there are no more ACEs than the bytes can hold");
  for (const nfs4::Ace& ace : *list) check_ace(form, ace);
  if (list->empty()) {
    const auto empty = nfs4::decode(form, nfs4::empty_list(form));
    must(empty && empty->empty(), "the empty list is read as one");
    return;
  }
  const auto written = nfs4::encode(form, *list);
  must(static_cast<bool>(written), "what was read can be written");
  must(written->size() == bytes.size(), "and takes as many bytes");
  const auto again = nfs4::decode(form, *written);
  must(again && *again == *list, "and is read as the same list");
}

}  // namespace

void fuzz_xdr(std::string_view input) {
  constexpr Form kForms[] = {Form::Acl, Form::Dacl, Form::Numbers};
  const Form form = kForms[take_choice(input, 3)];
  check_xdr(form, input);
}

}  // namespace acefs::fuzz
