(* The theorems of TheoremsLower.v from the certificates: decimals in place of fractions. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer Fraction Pieces Boxes CheckLower LowerSound LowerLoss Certificates.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Table.
Variables (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R).
Hypothesis n1 : (1 <= n)%N.
(* a / 10^k as a fraction *)
Lemma decimal a k : a%:R / 10 ^+ k = fR R (Z.of_nat a, zpow (Z.of_nat 10) k).
Proof. by rewrite /fR /fst /snd zR_nat zR_pow zR_nat. Qed.

Lemma below_loss c a k : fpos (lx c) -> check_lower c ->
  fle (fmul (Z.of_nat a, zpow (Z.of_nat 10) k) (fmul (fnat 2) (fnat (lK c)))) (fmul (lvalue c) (lx c)) ->
  (forall l, (l <= lL c)%N -> 0 < lam l) -> fR R (lx c) ^+ (lL c).+1 <= x_power (lK c) (lL c) n lam ->
  forall th : weights R (lK c) (lL c) n d, a%:R / 10 ^+ k <= loss lam th.
Proof.
move=> xp ok; have [K1 _ _ xk [_ vk]] := lower_facts R ok.
have ten : fok R (Z.of_nat a, zpow (Z.of_nat 10) k) by rewrite /fok /snd zR_pow zR_nat exprn_gt0 ?ltr0n.
move=> /(fle_R (fok_mul ten (fok_mul (fok_nat R 2) (fok_nat R (lK c)))) (fok_mul vk xk)); rewrite !fR_mul !fR_nat -decimal => h.
move=> lp xL th; apply: le_trans (check_lower_sound ok th n1 lp xp xL).
by rewrite ler_pdivl_mulr // mulr_gt0 ?ltr0n // ltnW.
Qed.
Lemma below_cost c a : (lx c).1 = Z0 -> check_lower c ->
  fle (Z.of_nat a, Z.of_nat 100) (fmul (lvalue c) (Zpos xH, Z.of_nat (lL c).+1)) ->
  forall th : weights R (lK c) (lL c) n d, output th = Y R (lK c) n ->
  n%:R * (a%:R / 100%:R) ^+ (lL c).+1 <= sqnorm (H1 th) * \prod_(l < (lL c).-1) sqnorm (hidden th l) * sqnorm (WL th).
Proof.
move=> x0 ok; have [K1 _ _ xk [_ vk]] := lower_facts R ok.
have hk m : fok R (Z.of_nat a, Z.of_nat m.+1) by rewrite /fok /snd zR_nat ltr0n.
have one : fok R (Zpos xH, Z.of_nat (lL c).+1) by rewrite /fok /snd zR_nat ltr0n.
move=> /(fle_R (hk 99%N) (fok_mul vk one)); rewrite fR_mul.
have -> : fR R (Zpos xH, Z.of_nat (lL c).+1) = (lL c).+1%:R^-1 by rewrite /fR /fst /snd zR_nat zR1 mul1r.
have -> : fR R (Z.of_nat a, Z.of_nat 100) = a%:R / 100%:R by rewrite /fR /fst /snd !zR_nat.
move=> h th out; apply: le_trans (check_lower_cost ok n1 x0 out).
by rewrite ler_wpmul2l ?ler0n // ler_expn2r ?nnegrE ?(le_trans _ h) // divr_ge0 ?ler0n.
Qed.


(* x in decimals is at least that of the certificate *)
Lemma below_decimal c a k : fpos (lx c) -> check_lower c ->
  fle (lx c) (Z.of_nat a, zpow (Z.of_nat 10) k) -> fR R (lx c) <= a%:R / 10 ^+ k.
Proof.
move=> xp ok h; rewrite decimal; apply: fle_R h; first by have [] := fpos_R R xp.
by rewrite /fok /snd zR_pow zR_nat exprn_gt0 ?ltr0n.
Qed.
Lemma below_power c a k p (x : R) : fpos (lx c) -> check_lower c -> fle (lx c) (Z.of_nat a, zpow (Z.of_nat 10) k) ->
  (a%:R / 10 ^+ k) ^+ p <= x -> fR R (lx c) ^+ p <= x.
Proof.
move=> xp ok h; apply: le_trans; have [x0 _] := fpos_R R xp; have h2 := below_decimal xp ok h.
by rewrite ler_expn2r ?nnegrE ?(ltW x0) // (le_trans (ltW x0)).
Qed.

Lemma loss_two : (forall l, (l <= 2)%N -> 0 < lam l) -> (198%:R / 10 ^+ 3) ^+ 3 <= x_power 10 2 n lam ->
  forall th : weights R 10 2 n d, 2513%:R / 10 ^+ 4 <= loss lam th.
Proof.
move=> lp xL; apply: (@below_loss loss_two_data 2513 4 isT loss_two_ok _ lp); first by vm_compute.
exact: (below_power (c := loss_two_data) isT loss_two_ok _ xL).
Qed.
Lemma loss_three : (forall l, (l <= 3)%N -> 0 < lam l) -> (136%:R / 10 ^+ 3) ^+ 4 <= x_power 10 3 n lam ->
  forall th : weights R 10 3 n d, 1917%:R / 10 ^+ 4 <= loss lam th.
Proof.
move=> lp xL; apply: (@below_loss loss_three_data 1917 4 isT loss_three_ok _ lp); first by vm_compute.
exact: (below_power (c := loss_three_data) isT loss_three_ok _ xL).
Qed.
Lemma cost_two (th : weights R 4 2 n d) : output th = Y R 4 n ->
  n%:R * (397%:R / 100%:R) ^+ 3 <= sqnorm (H1 th) * \prod_(l < 1) sqnorm (hidden th l) * sqnorm (WL th).
Proof. by apply: (@below_cost cost_two_data 397 erefl cost_two_ok); vm_compute. Qed.
Lemma cost_three (th : weights R 4 3 n d) : output th = Y R 4 n ->
  n%:R * (387%:R / 100%:R) ^+ 4 <= sqnorm (H1 th) * \prod_(l < 2) sqnorm (hidden th l) * sqnorm (WL th).
Proof. by apply: (@below_cost cost_three_data 387 erefl cost_three_ok); vm_compute. Qed.
End Table.
